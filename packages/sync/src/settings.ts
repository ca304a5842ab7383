import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from '@orchestrator/runtime';
import { createScope, type Scope } from './core/scope.ts';
import type { ConflictStrategy } from './core/types.ts';
import type { SyncOptions } from './engine-types.ts';
import { type OwnZnodes, ownZnodes } from './znodes.ts';

/** Options with their defaults filled in. */
export interface EngineSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly scope: Scope;
  readonly znodes: OwnZnodes;
  readonly leaseMs: number;
  readonly connectTimeoutMs: number;
  readonly maxNodesInMemory: number;
  readonly core: {
    readonly strategy: ConflictStrategy;
    readonly paths: readonly string[];
    readonly excludes: readonly string[];
    readonly electionGroups: readonly string[];
    readonly sequenceGap: number;
    readonly adoptTarget: boolean;
  };
}

/** Throws `BadOption` for a migration id that cannot name a znode. */
export function resolveSettings(options: SyncOptions): EngineSettings {
  const { migrationId: migration, instance } = options;
  return {
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger: (options.logger ?? silentLogger).child({ migration, instance }),
    scope: createScope(options),
    znodes: ownZnodes(migration),
    leaseMs: options.leaseMs ?? 10_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 30_000,
    maxNodesInMemory: options.maxNodesInMemory ?? 1_000_000,
    core: {
      strategy: options.conflictStrategy ?? 'last-write-wins',
      paths: options.paths ?? ['/'],
      excludes: options.excludes ?? [],
      electionGroups: options.electionGroups ?? [],
      sequenceGap: options.sequenceGap ?? 10_000,
      adoptTarget: options.adoptTarget ?? false,
    },
  };
}
