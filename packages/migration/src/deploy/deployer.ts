/**
 * Who deploys, starts and stops the servers of an ensemble. Every method is idempotent: it leaves the same end whether
 * called once or again after a crash, and resolves only when that end is reached.
 */
import type { Logger } from '@orchestrator/runtime';
import type { ArchiveFile } from '../archive/records.ts';
import type { EnsemblePlan } from './ensemble-plan.ts';

export interface DeployContext {
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** For a person: what has to be done by hand, or what is being waited for. */
  instruct(text: string): Promise<void>;
  /** All that was asked of a person has been done. */
  followed(): Promise<void>;
}

export interface Seed {
  readonly file: string;
  /** Its name in each server's `dataDir/version-2/`. */
  readonly fileName: string;
}

export interface ServerState {
  readonly id: number;
  /** `absent`: nothing of it is there; `unknown`: the deployer cannot tell. */
  readonly state: 'absent' | 'stopped' | 'running' | 'unknown';
  readonly detail: string;
}

export interface Deployer {
  readonly kind: 'local' | 'ssh' | 'command' | 'manual' | 'adopt';
  /** What would be done, one line each; changes nothing. */
  describe(plan: EnsemblePlan): readonly string[];
  /** Folders, configuration and ids; no data, nothing started. Refuses folders that hold what is not ours. */
  deploy(plan: EnsemblePlan, ctx: DeployContext): Promise<void>;
  placeSeed(plan: EnsemblePlan, seed: Seed, ctx: DeployContext): Promise<void>;
  start(plan: EnsemblePlan, ctx: DeployContext): Promise<void>;
  stop(plan: EnsemblePlan, ctx: DeployContext): Promise<void>;
  status(plan: EnsemblePlan): Promise<readonly ServerState[]>;
  /** Removes what `deploy` made, and nothing else. */
  destroy(plan: EnsemblePlan, ctx: DeployContext): Promise<void>;
  /** Data and configuration of the stopped servers; `null` when it has no access to them. */
  files(plan: EnsemblePlan): AsyncIterable<ArchiveFile> | null;
}
