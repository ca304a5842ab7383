import { expect, test } from 'vitest';
import { type LivePicture, noHistory, remember } from './live.ts';

const direction: NonNullable<LivePicture['sync']>['directions'][number] = {
  from: 'source',
  capture: 'observer',
  ...{ capture_reason: '', applied: 1, applied_per_s: 10, backlog: 0 },
  ...{ lag_p50_ms: 2, lag_p99_ms: 9, lag_now_ms: 0, zxid: '1' },
};

const at = (updatedMs: number): LivePicture => ({
  ...{ updated_ms: updatedMs, instance: 'x', progress: null, instruction: null, source: null, target: null },
  sync: {
    ...{ state: 'live', leader: 'x', term: 1, directions: [direction], mirror_sessions: 0, problem: null },
    conflicts: { total: 0, held: 0 },
  },
  clients: { source: null, target: null },
  alerts: [],
});

test('one sample a second is kept, of ten minutes', () => {
  let history = noHistory;
  for (let ms = 0; ms <= 700_000; ms += 250) history = remember(history, at(ms));
  expect(history.source).toHaveLength(600);
  expect(history.source.at(-1)).toEqual({
    timeMs: 700_000,
    lagMs: 2,
    lagP99Ms: 9,
    appliedPerS: 10,
    backlog: 0,
  });
  expect(history.target).toEqual([]);
});
