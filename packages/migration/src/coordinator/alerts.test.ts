import type { SyncStatus } from '@orchestrator/sync';
import { expect, test } from 'vitest';
import { type AlertState, evaluateAlerts, type Observation, quietAlerts } from './alerts.ts';

const thresholds = { lagMs: 500, conflictsPerMin: 10 };

function sync(lagNowMs: number, extra: Partial<SyncStatus> = {}): SyncStatus {
  const direction = {
    from: 'source' as const,
    capture: 'observer' as const,
    captureReason: '',
    applied: 1,
    appliedPerS: 1,
    backlog: 0,
    lagP50Ms: 1,
    lagP99Ms: 1,
    lagNowMs,
    zxid: 1n,
  };
  return {
    state: 'syncing',
    leader: 'a',
    term: 1,
    directions: [direction],
    conflicts: { total: 0, held: 0 },
    mirrorSessions: 0,
    problem: null,
    ...extra,
  };
}

/** The alerts of each observation in turn, in short. */
function run(observations: Partial<Observation>[]): string[][] {
  let state: AlertState = quietAlerts;
  return observations.map((observation, index) => {
    const result = evaluateAlerts(
      state,
      { timeMs: index * 10_000, sync: null, source: null, target: null, ...observation },
      thresholds,
    );
    state = result.state;
    return result.alerts.map((alert) => `${alert.state} ${alert.kind}`);
  });
}

const quorum = (serving: number, leader: string | null) => ({
  serving,
  total: 3,
  leader,
  healthy: serving === 3 && leader !== null,
  explanation: 'x',
});

test('a lag is raised once, and cleared only well below its threshold', () => {
  expect(run([{ sync: sync(600) }, { sync: sync(700) }, { sync: sync(450) }, { sync: sync(300) }])).toEqual([
    ['raised sync-lag'],
    [],
    [],
    ['cleared sync-lag'],
  ]);
});

test('failure of sync, loss of a server and a new leader', () => {
  expect(
    run([
      { source: quorum(3, 'a') },
      { source: quorum(2, 'a') },
      { source: quorum(3, 'b'), sync: sync(0, { state: 'failing', problem: 'link down' }) },
    ]),
  ).toEqual([
    [],
    ['raised quorum-loss'],
    ['raised sync-failure', 'cleared quorum-loss', 'raised leader-change'],
  ]);
});

test('conflicts count per minute', () => {
  const at = (total: number) => ({ sync: sync(0, { conflicts: { total, held: 0 } }) });
  const quiet = Array.from({ length: 12 }, () => at(20));
  expect(run([at(0), at(5), at(20), ...quiet]).flat()).toEqual([
    'raised conflict-rate',
    'cleared conflict-rate',
  ]);
});
