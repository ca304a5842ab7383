/** What the rest of the product sees of synchronisation: how to reach two ensembles, and what the engine says of itself. */
import type { Clock, Logger, Random } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import type { Conflict, ConflictStrategy, Side } from './core/types.ts';

export interface TlsFiles {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Digest {
  readonly username: string;
  readonly password: string;
}

/** How to reach one ensemble. Everything but `connectString` is optional; what is missing decides the capture mode. */
export interface EnsembleAccess {
  /** `host:port,…` of the client port, without chroot. */
  readonly connectString: string;
  /** `host:port` of each server's quorum port (or observer master port); without them no observer. */
  readonly quorumServers?: readonly string[];
  /** Added to every session of ours; with the super user nothing is out of reach. */
  readonly auth?: readonly { readonly scheme: string; readonly credential: string }[];
  readonly sasl?: Digest;
  readonly tls?: TlsFiles;
  readonly quorumSasl?: Digest;
  readonly quorumTls?: TlsFiles;
}

export type CaptureMode = 'observer' | 'watch' | 'scan';

export interface SyncOptions {
  readonly migrationId: string;
  readonly source: EnsembleAccess;
  readonly target: EnsembleAccess;
  readonly store: Store;
  /** Names this instance in leases and logs. */
  readonly instance: string;
  /** Spools and indexes that do not fit in memory. */
  readonly workFolder: string;
  /** Default `auto`: observer where the quorum port answers, watch on 3.6+, scan else. */
  readonly capture?: { readonly source?: CaptureMode | 'auto'; readonly target?: CaptureMode | 'auto' };
  /** Default `['/']`. */
  readonly paths?: readonly string[];
  readonly excludes?: readonly string[];
  /** Parents whose ephemeral members are mirrored as persistent copies. */
  readonly electionGroups?: readonly string[];
  /** Default `last-write-wins`. */
  readonly conflictStrategy?: ConflictStrategy;
  /** Distance between the two sides' sequence counters; default 1,000,000 in a seed, 10,000 in a running target. */
  readonly sequenceGap?: number;
  /** Default 1,000,000; above it the index goes to disk. */
  readonly maxNodesInMemory?: number;
  /** Accept a target that already holds other data; default false: refused. */
  readonly adoptTarget?: boolean;
  /**
   * Default 60 s: a quorum port out of reach for so long is given up for the client port, where capture is `auto`; as often it
   * is tried again, and taken back once it answers.
   */
  readonly observerFallbackMs?: number;
  /** Default 30 s: how long `start` waits for each side. */
  readonly connectTimeoutMs?: number;
  /** Default 10 s: how long a silent leader keeps its lease. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** Told of changes that are on the other side: `lagMs` one a transaction, from arrival to the arrival of its echo. */
  readonly onSynced?: (from: Side, changes: number, lagMs: readonly number[]) => void;
}

export type SyncState = 'stopped' | 'standby' | 'starting' | 'copying' | 'syncing' | 'paused' | 'failing';

export interface DirectionStatus {
  readonly from: Side;
  readonly capture: CaptureMode;
  /** Why this mode, in words. */
  readonly captureReason: string;
  readonly applied: number;
  readonly appliedPerS: number;
  /** Changes seen and not yet on the other side. */
  readonly backlog: number;
  /** Over the last minute; `null` before the first change. */
  readonly lagP50Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Age of the oldest change not yet on the other side; 0 when there is none. */
  readonly lagNowMs: number;
  readonly zxid: bigint;
}

export interface SyncStatus {
  readonly state: SyncState;
  /** The instance that leads, and its term. */
  readonly leader: string | null;
  readonly term: number;
  readonly directions: readonly DirectionStatus[];
  readonly conflicts: { readonly total: number; readonly held: number };
  readonly mirrorSessions: number;
  /** The last failure, with its remedy, while `failing`; `null` else. */
  readonly problem: string | null;
}

/** One node that is not the same on both sides, field by field. */
export interface Difference {
  readonly path: string;
  readonly fields: readonly { readonly field: string; readonly source: string; readonly target: string }[];
}

export interface VerifyReport {
  readonly startedMs: number;
  readonly durationMs: number;
  readonly nodes: { readonly source: number; readonly target: number };
  readonly checksum: { readonly source: string; readonly target: string };
  /** The first `limit` of them; `differenceCount` says how many there are. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
  /** Differences that are known and explained: raised counters, what the protocol cannot carry. */
  readonly expected: readonly Difference[];
}

export interface VerifyOptions {
  /** Differences listed. Default 1,000. */
  readonly limit?: number;
  /**
   * `clients`, the default, reads both sides as any client would, a few requests a node; `mirrors` compares what the
   * captures hold, in seconds even for a million nodes, and as good as the digests that prove them.
   */
  readonly method?: 'clients' | 'mirrors';
  readonly onProgress?: (progress: Progress) => void;
}

export interface ConflictRecord extends Conflict {
  readonly recordedMs: number;
  /** When what an operator chose for a held one had been carried out. */
  readonly resolvedMs: number | null;
  /** When both sides had what the engine itself decided for. */
  readonly carriedOutMs: number | null;
}

export interface LedgerEntry {
  readonly path: string;
  readonly what: string;
  readonly why: string;
  readonly recordedMs: number;
}

export interface Progress {
  readonly stage: string;
  readonly done: number;
  /** `null` while unknown. */
  readonly total: number | null;
  readonly unit: string;
}

/** One engine instance; several may run for one migration, of which the lease's holder is active and the others warm. */
export interface SyncEngine {
  /** Resolves once this instance captures both sides (active or standby); rejects with a remedy if it never can. */
  start(): Promise<void>;
  /** Ends cleanly: everything captured is applied or left for the cursor; mirror sessions are kept for a successor. */
  stop(): Promise<void>;
  /** Ends for good: removes election copies, mirror sessions, cursors and counters of ours from both sides. */
  finish(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  status(): SyncStatus;
  /** Resolves when both directions have nothing left to apply; rejects after `timeoutMs`. */
  settled(timeoutMs: number): Promise<void>;
  /** Compares the two real trees; changes on the way are given time to arrive before they count as differences. */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  repair(report: VerifyReport): Promise<void>;
  readonly conflicts: {
    list(options?: { held?: boolean }): Promise<readonly ConflictRecord[]>;
    show(id: string): Promise<ConflictRecord | undefined>;
    resolve(id: string, winner: Side): Promise<void>;
  };
  ledger(): Promise<readonly LedgerEntry[]>;
}

export interface SeedOptions {
  readonly migrationId: string;
  readonly source: EnsembleAccess;
  /** The finished file; put it into every target server's `dataDir/version-2/` under the name in the report. */
  readonly outputFolder: string;
  readonly targetVersion: string;
  readonly paths?: readonly string[];
  readonly excludes?: readonly string[];
  readonly sequenceGap?: number;
  readonly maxNodesInMemory?: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The seed carries the cursor: an engine started against the seeded target goes on from `zxid` by itself. */
export interface SeedReport {
  readonly file: string;
  readonly fileName: string;
  readonly zxid: bigint;
  readonly nodes: number;
  readonly bytes: number;
  readonly digest: string;
  readonly converted: readonly LedgerEntry[];
}
