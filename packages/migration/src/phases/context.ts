/** What the steps of the ZooKeeper phases are given. */
import type { Logger } from '@orchestrator/runtime';
import type { EnsembleAccess, Progress, SeedOptions, SeedReport, SyncEngine } from '@orchestrator/sync';
import type { MigrationConfig } from '../config/schema.ts';
import type { Deployer } from '../deploy/deployer.ts';
import type { EnsemblePlan, SourceSettings } from '../deploy/ensemble-plan.ts';
import type { ServerReport } from '../ensemble/inspect.ts';
import type { BaseContext } from './define-phase.ts';

/** One of the two ensembles. */
export interface Cluster {
  readonly role: 'source' | 'target';
  readonly connectString: string;
  /** Credentials included; read anew at each call, so that rotated ones are seen. */
  access(): Promise<EnsembleAccess>;
  /** Asks each server what it tells without a session; those that do not answer in time, or before the abort, say so. */
  inspect(signal?: AbortSignal): Promise<readonly ServerReport[]>;
  readonly deployer: Deployer;
}

export type SeedRequest = Pick<SeedOptions, 'outputFolder' | 'targetVersion' | 'onProgress'>;

/** The engine of this coordinator. */
export interface SyncControl {
  /** The running engine; started first where there is none. */
  running(): Promise<SyncEngine>;
  isRunning(): boolean;
  /** Ends it cleanly; what it needs to go on later stays. */
  stop(): Promise<void>;
  /** Ends it for good: nothing of ours is left on either side. */
  finish(): Promise<void>;
  /** Sessions on a side that the engine has opened there, for itself and for clients of the other side. */
  ownSessions(role: Cluster['role']): Promise<ReadonlySet<bigint>>;
  seed(options: SeedRequest): Promise<SeedReport>;
}

/** What steps leave for later steps, for a later coordinator, and for the report. */
export interface Facts {
  get<T>(name: string): Promise<T | undefined>;
  put(name: string, value: unknown): Promise<void>;
  delete(name: string): Promise<void>;
}

export interface MigrationContext extends BaseContext {
  readonly id: string;
  readonly config: MigrationConfig;
  readonly source: Cluster;
  readonly target: Cluster;
  readonly sync: SyncControl;
  readonly facts: Facts;
  /** The operator accepts that a rollback leaves clients behind. */
  readonly force: boolean;
  /** For files of this migration on this machine. */
  readonly folder: string;
  readonly logger: Logger;
  progress(progress: Progress): void;
  /** Shown to the operator, below what was asked for before, until it is followed. */
  instruct(text: string): Promise<void>;
  followed(): Promise<void>;
  /** What the source runs with, as far as it can be found out. */
  sourceSettings(): Promise<SourceSettings>;
  /** The servers of a cluster with their settings; of the target after the step `plan target` only. */
  planOf(role: Cluster['role']): Promise<EnsemblePlan>;
}
