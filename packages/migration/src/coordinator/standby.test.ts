import { silentLogger } from '@orchestrator/runtime';
import type { SyncStatus } from '@orchestrator/sync';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import type { MigrationRecord } from '../journal/record.ts';
import { silentMetrics } from './metrics.ts';
import { Standby } from './standby.ts';

const record = { state: { status: 'planned' }, plan: { phases: [] } } as unknown as MigrationRecord;
const syncing = (state: SyncStatus['state'], ...lagsNowMs: number[]) =>
  ({ state, directions: lagsNowMs.map((lagNowMs) => ({ lagNowMs })) }) as unknown as SyncStatus;

test.each<[string, SyncStatus | null, boolean | null]>([
  ['both sides are followed', syncing('standby', 0, 0), true],
  ['a link is down', syncing('standby', 0, 60_000), false],
  ['it still loads', syncing('starting'), false],
  ['it does not start', syncing('failing'), false],
  ['no engine is asked for', null, null],
])('whether a standby is warm is reported: %s', async (_, status, expected) => {
  const clock = new SimulatedClock();
  const reported: (boolean | null)[] = [];
  const standby = new Standby({
    migration: 'm1',
    supervisor: { align: async () => undefined, status: () => status },
    metrics: { ...silentMetrics, standby: (_migration, isWarm) => reported.push(isWarm) },
    clock,
    logger: silentLogger,
  });
  standby.align(record);
  expect(reported).toEqual([expected]);
  await Promise.resolve();
  clock.advance(5_000);
  await Promise.resolve();
  await standby.end();
  expect(reported.at(0)).toBe(expected);
  expect(reported.at(-1)).toBeNull();
  const told = reported.length;
  clock.advance(60_000);
  expect(reported).toHaveLength(told);
});
