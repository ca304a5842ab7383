import { describe, expect, test } from 'vitest';
import {
  type CheckAction,
  type CheckResult,
  type CheckState,
  type CheckTimes,
  defaultHealthCheckTimes,
  isHealthy,
  startCheck,
  stepCheck,
} from './machine.ts';

const times = { ...defaultHealthCheckTimes, delayMs: 1_000, intervalMs: 2_000, gracePeriodMs: 10_000 };
const good: CheckResult = { type: 'http', statusCode: 200 };
const bad: CheckResult = { type: 'http', statusCode: 500 };

/** One look after another, each at its time. */
function play(
  kind: 'check' | 'health',
  looks: readonly [nowMs: number, result: CheckResult][],
  given: CheckTimes = times,
) {
  let { state, actions } = startCheck(kind, given, 0);
  const told: CheckAction[] = [];
  for (const [nowMs, result] of looks) {
    ({ state, actions } = stepCheck(state, given, { type: 'due' }));
    if (!actions.some(({ type }) => type === 'look')) break;
    ({ state, actions } = stepCheck(state, given, { type: 'result', result, nowMs }));
    told.push(...actions.filter(({ type }) => type !== 'wait'));
  }
  return { state: state as CheckState, told };
}

describe('a health check', () => {
  test('tells of health once, of each failure, and asks for a kill at the third', () => {
    const { state, told } = play('health', [
      [1, good],
      [2, good],
      [3, bad],
      [4, bad],
      [5, bad],
      [6, good],
    ]);
    expect(told).toEqual([
      { type: 'health', healthy: true, kill: false, consecutiveFailures: 0 },
      { type: 'health', healthy: false, kill: false, consecutiveFailures: 1 },
      { type: 'health', healthy: false, kill: false, consecutiveFailures: 2 },
      { type: 'health', healthy: false, kill: true, consecutiveFailures: 3 },
    ]);
    expect(state.phase).toBe('stopped');
  });

  test('forgives within the grace period, until it was healthy once', () => {
    const early: [number, CheckResult][] = [
      [1_000, bad],
      [3_000, bad],
      [5_000, bad],
      [10_000, bad],
    ];
    expect(play('health', early).told).toEqual([]);
    expect(play('health', [...early, [10_001, bad]]).told).toMatchObject([{ consecutiveFailures: 1 }]);
    expect(
      play('health', [
        [1_000, good],
        [3_000, bad],
      ]).told,
    ).toMatchObject([{ healthy: true }, { healthy: false }]);
  });

  test('counts failures in a row only', () => {
    const { told } = play('health', [
      [1, good],
      [2, bad],
      [3, bad],
      [4, good],
      [5, bad],
    ]);
    expect(told.at(-1)).toEqual({ type: 'health', healthy: false, kill: false, consecutiveFailures: 1 });
  });

  test('with no limit of failures never asks for a kill', () => {
    const looks = Array.from({ length: 20 }, (_, index): [number, CheckResult] => [20_000 + index, bad]);
    const { told } = play('health', looks, { ...times, consecutiveFailures: 0 } as CheckTimes);
    expect(told).toHaveLength(20);
    expect(told.some((action) => action.type === 'health' && action.kill)).toBe(false);
  });
});

test('a general check tells what differs from before', () => {
  const none: CheckResult = { type: 'none', reason: 'timed out' };
  const { told } = play('check', [
    [1, good],
    [2, good],
    [3, bad],
    [4, none],
    [5, none],
    [6, good],
  ]);
  expect(told.map((action) => action.type === 'report' && action.result)).toEqual([good, bad, none, good]);
});

test('nothing counts while it is paused', () => {
  const { state } = startCheck('health', times, 0);
  const looking = stepCheck(state, times, { type: 'due' }).state;
  const paused = stepCheck(looking, times, { type: 'pause' }).state;
  expect(stepCheck(paused, times, { type: 'result', result: bad, nowMs: 99_999 })).toEqual({
    state: paused,
    actions: [],
  });
  expect(stepCheck(paused, times, { type: 'resume' }).actions).toEqual([{ type: 'wait', delayMs: 2_000 }]);
});

test.each<[CheckResult, boolean]>([
  [{ type: 'command', exitCode: 0 }, true],
  [{ type: 'command', exitCode: 1 }, false],
  [{ type: 'http', statusCode: 399 }, true],
  [{ type: 'http', statusCode: 400 }, false],
  [{ type: 'tcp', succeeded: true }, true],
  [{ type: 'none', reason: 'refused' }, false],
])('%j is healthy: %j', (result, healthy) => expect(isHealthy(result)).toBe(healthy));
