import type { Txn } from '@orchestrator/zookeeper';
import type { Mirror } from './mirror.ts';
import type { Blocked, Conflict, ConflictStrategy, MirrorSession, Side } from './types.ts';

export interface CoreLimits {
  /** A client's larger multi still travels whole. Default 100. */
  readonly maxOpsPerMulti: number;
  /** Default 512 KiB, half of ZooKeeper's default `jute.maxbuffer`. */
  readonly maxBytesPerMulti: number;
  /** What the sides take in one request at all (`jute.maxbuffer`); larger changes are blocked. Default 1,048,575. */
  readonly maxRequestBytes: number;
  /** Multis sent and not answered, per side. Default 16. */
  readonly maxInFlightMultis: number;
  /** Changes of one side that wait in memory before `pressure` is signalled; it ends at half of that. Default 200,000. */
  readonly maxBacklog: number;
  /** Ephemeral copies asked for and not answered, per side. Default 256. */
  readonly maxEphemeralsInFlight: number;
  /** Times one failing write is planned again before its path is blocked. Default 5. */
  readonly maxAttempts: number;
  /** Repeated sets that raise the version of one node; what lies further apart goes to the ledger. Default 64. */
  readonly maxVersionRaise: number;
  /** Creates that raise one sequence counter; what lies further apart goes to the ledger. Default 1,000,000. */
  readonly maxCounterRaise: number;
  /** Creates, each with its delete, in one multi that raises a counter; some 10 ms of a server's time. Default 500. */
  readonly maxPairsPerMulti: number;
  /** Paths compared in one go before `proceed`. Default 2,000. */
  readonly compareSlice: number;
}

/** Of {@link CoreOptions.sequenceGap}. */
export const defaultSequenceGap = 10_000;

export const defaultLimits: CoreLimits = {
  maxOpsPerMulti: 100,
  maxBytesPerMulti: 512 * 1024,
  maxRequestBytes: 0xfffff,
  maxInFlightMultis: 16,
  maxBacklog: 200_000,
  maxEphemeralsInFlight: 256,
  maxAttempts: 5,
  maxVersionRaise: 64,
  maxCounterRaise: 1_000_000,
  maxPairsPerMulti: 500,
  compareSlice: 2_000,
};

/** What the capture and the servers of a side can do. */
export interface SideTraits {
  /**
   * Every transaction, once, in order, with its session: an observer. Without it (watch, scan) a transaction tells what was
   * found at a path: `sessionId` is 0, versions may jump, and `zxid` is the server's position at the time of reading.
   */
  readonly hasHistory: boolean;
  /** 3.5 and later. */
  readonly hasContainers: boolean;
  /** 3.5 and later with `extendedTypesEnabled`. */
  readonly hasTtl: boolean;
}

export interface SideStart {
  readonly mirror: Mirror;
  readonly traits: SideTraits;
  /** Our sessions of the past on this side, as the store knows them; mirror sessions need not be repeated. */
  readonly ownSessions?: readonly bigint[];
  /**
   * The side's transactions after its direction's cursor, up to the mirror's zxid; `undefined` where the history is too
   * old: then the stats of the nodes are the evidence. A transaction at or before the cursor does no harm.
   */
  readonly window?: readonly Txn[] | undefined;
}

export interface CoreOptions {
  /** Names the engine's own znodes on both sides. */
  readonly migrationId: string;
  /** The fencing term of this run: higher than that of any run before. */
  readonly term: number;
  readonly strategy: ConflictStrategy;
  /** Default `['/']`. `/zookeeper` and the engine's own znodes are never synchronised. */
  readonly paths?: readonly string[];
  readonly excludes?: readonly string[];
  /** Parents whose ephemeral members are mirrored as persistent copies. */
  readonly electionGroups?: readonly string[];
  /** By how much the target's sequence counters are kept above the source's. Default 10,000; 0 leaves them alone. */
  readonly sequenceGap?: number;
  readonly limits?: Partial<CoreLimits>;
  readonly sides: Readonly<Record<Side, SideStart>>;
  readonly mirrorSessions?: readonly MirrorSession[];
  /** Conflicts that wait for an operator. */
  readonly held?: readonly Conflict[];
  /** Decided conflicts, in the order of their recording, that no run has reported as carried out. */
  readonly undone?: readonly Conflict[];
  readonly blocked?: readonly Blocked[];
  /** The target becomes equal to the source, whatever it holds; for the first copy. Default false. */
  readonly initialCopy?: boolean;
}
