/**
 * Health checks and general checks of a task, as a pure function of state and event, with Mesos' meanings.
 *
 * A *health* check has an opinion: after `consecutiveFailures` failures in a row, outside the grace period, the task is
 * to be killed. A *check* only tells: each result that differs from the one before is reported, and nothing is killed.
 */
export interface CheckTimes {
  /** Before the first, default 15 s. */
  delayMs: number;
  /** From the end of one to the start of the next, default 10 s. */
  intervalMs: number;
  /** For one, default 20 s; 0: no limit. */
  timeoutMs: number;
}

export interface HealthCheckTimes extends CheckTimes {
  /** Failures after the task's start count for nothing, until the first success. Default 10 s. */
  gracePeriodMs: number;
  /** So many in a row and the task is to be killed; default 3. 0: never, as Marathon means it. */
  consecutiveFailures: number;
}

export const defaultCheckTimes: CheckTimes = { delayMs: 15_000, intervalMs: 10_000, timeoutMs: 20_000 };

export const defaultHealthCheckTimes: HealthCheckTimes = {
  ...defaultCheckTimes,
  gracePeriodMs: 10_000,
  consecutiveFailures: 3,
};

/** What one look found. */
export type CheckResult =
  | { type: 'command'; exitCode: number }
  | { type: 'http'; statusCode: number }
  | { type: 'tcp'; succeeded: boolean }
  /** No answer, for want of time or of a connection. For a general check there is then no result. */
  | { type: 'none'; reason: string };

/** Of a health check: 0, and 200 to 399. */
export function isHealthy(result: CheckResult): boolean {
  switch (result.type) {
    case 'command':
      return result.exitCode === 0;
    case 'http':
      return result.statusCode >= 200 && result.statusCode < 400;
    case 'tcp':
      return result.succeeded;
    case 'none':
      return false;
  }
}

export interface CheckState {
  kind: 'check' | 'health';
  phase: 'waiting' | 'looking' | 'paused' | 'stopped';
  startedAtMs: number;
  last?: CheckResult;
  healthy?: boolean;
  failuresInARow: number;
}

export type CheckEvent =
  /** The time to look has come. */
  | { type: 'due' }
  | { type: 'result'; result: CheckResult; nowMs: number }
  /** While the agent has no connection to the container's world: nothing is looked at and nothing counts. */
  | { type: 'pause' | 'resume' | 'stop' };

export type CheckAction =
  | { type: 'look' }
  | { type: 'wait'; delayMs: number }
  | { type: 'report'; result: CheckResult }
  /** Also the first time, and on each failure, since schedulers count them. */
  | { type: 'health'; healthy: boolean; kill: boolean; consecutiveFailures: number };

export interface CheckStep {
  state: CheckState;
  actions: readonly CheckAction[];
}

export function startCheck(kind: 'check' | 'health', times: CheckTimes, nowMs: number): CheckStep {
  const state: CheckState = { kind, phase: 'waiting', startedAtMs: nowMs, failuresInARow: 0 };
  return { state, actions: [{ type: 'wait', delayMs: times.delayMs }] };
}

function sameResult(left: CheckResult | undefined, right: CheckResult): boolean {
  if (left === undefined || left.type !== right.type) return false;
  switch (right.type) {
    case 'command':
      return left.type === 'command' && left.exitCode === right.exitCode;
    case 'http':
      return left.type === 'http' && left.statusCode === right.statusCode;
    case 'tcp':
      return left.type === 'tcp' && left.succeeded === right.succeeded;
    case 'none':
      return true;
  }
}

function onHealth(state: CheckState, times: HealthCheckTimes, result: CheckResult, nowMs: number): CheckStep {
  const wait: CheckAction = { type: 'wait', delayMs: times.intervalMs };
  const next: CheckState = { ...state, phase: 'waiting', last: result };
  if (isHealthy(result)) {
    const change: CheckAction = { type: 'health', healthy: true, kill: false, consecutiveFailures: 0 };
    const healthy = { ...next, healthy: true, failuresInARow: 0 };
    return { state: healthy, actions: state.healthy === true ? [wait] : [change, wait] };
  }
  const inGrace = state.healthy === undefined && nowMs - state.startedAtMs <= times.gracePeriodMs;
  if (inGrace) return { state: next, actions: [wait] };
  const failuresInARow = state.failuresInARow + 1;
  const kill = times.consecutiveFailures > 0 && failuresInARow >= times.consecutiveFailures;
  return {
    state: { ...next, healthy: false, failuresInARow, ...(kill && { phase: 'stopped' as const }) },
    actions: [
      { type: 'health', healthy: false, kill, consecutiveFailures: failuresInARow },
      ...(kill ? [] : [wait]),
    ],
  };
}

function onResult(state: CheckState, times: CheckTimes, result: CheckResult, nowMs: number): CheckStep {
  if (state.kind === 'health') return onHealth(state, times as HealthCheckTimes, result, nowMs);
  const actions: CheckAction[] = [{ type: 'wait', delayMs: times.intervalMs }];
  if (!sameResult(state.last, result)) actions.unshift({ type: 'report', result });
  return { state: { ...state, phase: 'waiting', last: result }, actions };
}

/** What an event makes of a check. `times` are those it was started with. */
export function stepCheck(state: CheckState, times: CheckTimes, event: CheckEvent): CheckStep {
  if (state.phase === 'stopped') return { state, actions: [] };
  switch (event.type) {
    case 'stop':
      return { state: { ...state, phase: 'stopped' }, actions: [] };
    case 'pause':
      return { state: { ...state, phase: 'paused' }, actions: [] };
    case 'resume':
      if (state.phase !== 'paused') return { state, actions: [] };
      return {
        state: { ...state, phase: 'waiting' },
        actions: [{ type: 'wait', delayMs: times.intervalMs }],
      };
    case 'due':
      if (state.phase !== 'waiting') return { state, actions: [] };
      return { state: { ...state, phase: 'looking' }, actions: [{ type: 'look' }] };
    case 'result':
      // Of a look from before a pause.
      return state.phase === 'looking'
        ? onResult(state, times, event.result, event.nowMs)
        : { state, actions: [] };
  }
}
