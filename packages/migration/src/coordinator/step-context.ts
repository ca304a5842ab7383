/** What the steps of a migration are given by the coordinator that leads it. */
import type { Clock, Logger } from '@orchestrator/runtime';
import type { EnsemblePlan } from '../deploy/ensemble-plan.ts';
import { superDigestOf } from '../deploy/super-user.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Cluster, Facts, MigrationContext, SyncControl } from '../phases/context.ts';
import { existingPlan, readSourceSettings } from './clusters.ts';
import { recordChecks } from './facts.ts';
import { addInstruction, clearInstructions } from './instructions.ts';
import type { LiveBoard } from './live.ts';

export interface StepContextOptions {
  readonly source: Cluster;
  readonly target: Cluster;
  readonly sync: SyncControl;
  readonly facts: Facts;
  readonly live: LiveBoard;
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  superCredential(): Promise<string>;
  onInstruction(text: string): Promise<void>;
}

/** A gate that does not hold yet is looked at at least this often. */
const longestCheckIntervalMs = 2_000;

export function createStepContext(
  options: StepContextOptions,
  record: MigrationRecord,
  signal: AbortSignal,
): MigrationContext {
  const { source, target, facts, live, clock, superCredential } = options;
  const { id, config, state } = record;

  const planOf = async (role: Cluster['role']): Promise<EnsemblePlan> => {
    if (role === 'source' || target.deployer.kind === 'adopt') return existingPlan(config[role]);
    const plan = await facts.get<EnsemblePlan>('target-plan');
    return { ...(plan ?? existingPlan(config.target)), superDigest: superDigestOf(await superCredential()) };
  };

  return {
    id,
    config,
    source,
    target,
    sync: options.sync,
    facts,
    force: state.force,
    folder: options.folder,
    logger: options.logger,
    clock,
    signal,
    checkIntervalMs: Math.min(longestCheckIntervalMs, config.orchestration.health_check_interval_sec * 1000),
    recordChecks: (title, results) => recordChecks(facts, { title, timeMs: clock.nowMs(), results }),
    progress: (progress) => live.update({ progress }),
    instruct: async (text) => {
      await addInstruction({ facts, live, mode: state.current?.mode ?? 'run' }, text);
      await options.onInstruction(text);
    },
    followed: () => clearInstructions({ facts, live }),
    sourceSettings: () => readSourceSettings(config, source),
    planOf,
  };
}
