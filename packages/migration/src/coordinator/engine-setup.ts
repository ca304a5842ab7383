/** The engine's options, from the configuration and from where the two ensembles are. */
import { join } from 'node:path';
import type { Clock, Logger } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { readMirrorSessions, readWriters, type SyncOptions } from '@orchestrator/sync';
import type { MigrationConfig } from '../config/schema.ts';
import type { Cluster } from '../phases/context.ts';
import { type SyncEngines, SyncSupervisor } from './sync-supervisor.ts';

export interface EngineSetup {
  readonly id: string;
  readonly config: MigrationConfig;
  readonly source: Cluster;
  readonly target: Cluster;
  readonly store: Store;
  readonly instance: string;
  /** The migration's own on this machine. */
  readonly folder: string;
  readonly engines: SyncEngines;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
}

/** What a seed and an engine have in common. */
function scopeOf({ sync }: MigrationConfig) {
  return {
    paths: sync.paths_to_sync,
    excludes: sync.excludes,
    ...(sync.sequence_gap === undefined ? {} : { sequenceGap: sync.sequence_gap }),
    maxNodesInMemory: sync.max_nodes_in_memory,
  };
}

async function engineOptions(setup: EngineSetup, store: Store): Promise<SyncOptions> {
  const { id, config, source, target, instance, folder, leaseMs, clock, logger } = setup;
  const { sync } = config;
  return {
    migrationId: id,
    source: await source.access(),
    target: await target.access(),
    store,
    instance,
    workFolder: join(folder, 'sync'),
    capture: sync.capture,
    ...scopeOf(config),
    electionGroups: sync.election_groups,
    conflictStrategy: sync.conflict_resolution,
    adoptTarget: sync.adopt_target,
    leaseMs,
    clock,
    logger,
  };
}

export function createSupervisor(setup: EngineSetup): SyncSupervisor {
  const { id, config, source, store, engines, clock, logger } = setup;
  return new SyncSupervisor({
    engines,
    store,
    clock,
    logger,
    engineOptions: (gated) => engineOptions(setup, gated),
    ownSessions: async (side) => {
      const [mirrors, writers] = await Promise.all([
        readMirrorSessions(store, id, side),
        readWriters(store, id, side),
      ]);
      return new Set([...mirrors.map((session) => session.id), ...writers]);
    },
    seedOptions: async (wanted) => ({
      migrationId: id,
      source: await source.access(),
      ...scopeOf(config),
      ...wanted,
    }),
  });
}
