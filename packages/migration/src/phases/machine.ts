/**
 * The phase machine: `(plan, state, event) -> {state, actions}`, pure. The coordinator stores the new state before it
 * performs the actions; after a crash `pendingActions` says what has to be performed again.
 */
import { type Failure, MigrationError } from '../errors.ts';
import type {
  Activity,
  MachineAction,
  MachineEvent,
  MachineState,
  PhaseShape,
  Plan,
  StepRef,
  Timing,
  Transition,
} from './machine-types.ts';

/** Older timings are dropped: retries of a step that keeps failing must not grow the record without bound. */
const maxTimings = 1_000;

export const initialState: MachineState = {
  status: 'planned',
  phase: 0,
  current: null,
  done: [],
  goalPhase: null,
  force: false,
  pausedFrom: null,
  failure: null,
  startedMs: null,
  completedMs: null,
  timings: [],
};

const sameStep = (a: StepRef, b: StepRef) => a.phase === b.phase && a.step === b.step;

function sameActivity(a: Activity | null, b: Activity): boolean {
  return a !== null && sameStep(a, b) && a.mode === b.mode && a.attempt === b.attempt;
}

function refuse(message: string, remedy: string): never {
  throw new MigrationError('precondition', message, { remedy });
}

/** The phase that follows `phase` in the plan; `undefined` after the last. */
function nextPhase(plan: Plan, phase: number): PhaseShape | undefined {
  return plan.phases.find((candidate) => candidate.number > phase);
}

/** Whether synchronisation has to run, by what has been done: on a take-over it is started again before anything else. */
export function syncWanted(plan: Plan, state: MachineState): boolean {
  const wanted = new Map(
    plan.phases.flatMap((phase) => phase.steps.map((step) => [`${phase.number}/${step.name}`, step.sync])),
  );
  const last = state.done.map((ref) => wanted.get(`${ref.phase}/${ref.step}`)).findLast((sync) => sync);
  return last === 'on';
}

/** What has to be going on in this state; a coordinator that takes over performs it. */
export function pendingActions(state: MachineState): readonly MachineAction[] {
  const active = state.status === 'running' || state.status === 'rolling-back';
  return active && state.current !== null ? [{ kind: 'perform', activity: state.current }] : [];
}

function beginTiming(timings: readonly Timing[], activity: Activity, nowMs: number): Timing[] {
  const { phase, step, mode, attempt } = activity;
  const begun: Timing = { phase, step, mode, attempt, startedMs: nowMs, endedMs: null, outcome: null };
  return [...timings, begun].slice(-maxTimings);
}

function endTimings(timings: readonly Timing[], outcome: Timing['outcome'], nowMs: number): Timing[] {
  return timings.map((timing) => (timing.endedMs === null ? { ...timing, endedMs: nowMs, outcome } : timing));
}

function perform(state: MachineState, step: Omit<Activity, 'attempt'>, nowMs: number): Transition {
  // An attempt is numbered over the whole migration: the late answer of an earlier one can never be taken for this one.
  const attempts = state.timings.reduce((most, timing) => Math.max(most, timing.attempt), 0);
  const activity: Activity = { ...step, attempt: attempts + 1 };
  return {
    state: {
      ...state,
      current: activity,
      failure: null,
      timings: beginTiming(state.timings, activity, nowMs),
    },
    actions: [{ kind: 'perform', activity }],
  };
}

function enterPhase(state: MachineState, phase: PhaseShape, nowMs: number): Transition {
  const first = phase.steps[0];
  if (first === undefined) throw new MigrationError('precondition', `phase ${phase.number} has no steps`);
  const entered: MachineState = { ...state, status: 'running', phase: phase.number, completedMs: null };
  return perform(entered, { phase: phase.number, step: first.name, mode: 'run' }, nowMs);
}

function afterStep(plan: Plan, state: MachineState, nowMs: number): Transition {
  const phase = plan.phases.find((candidate) => candidate.number === state.phase);
  const undone = phase?.steps.find(
    (step) => !state.done.some((ref) => ref.phase === state.phase && ref.step === step.name),
  );
  if (undone !== undefined)
    return perform(state, { phase: state.phase, step: undone.name, mode: 'run' }, nowMs);
  const next = nextPhase(plan, state.phase);
  const idle: MachineState = { ...state, current: null };
  if (next === undefined) return { state: { ...idle, status: 'completed', completedMs: nowMs }, actions: [] };
  if (plan.manualApproval) return { state: { ...idle, status: 'awaiting-approval' }, actions: [] };
  return enterPhase(idle, next, nowMs);
}

/** The next step to undo on the way to the goal, or the validation of the state arrived at. */
function unwind(state: MachineState, nowMs: number): Transition {
  const goal = state.goalPhase ?? 0;
  const last = state.done.at(-1);
  if (last !== undefined && last.phase > goal)
    return perform({ ...state, phase: last.phase }, { ...last, mode: 'undo' }, nowMs);
  return perform({ ...state, phase: goal }, { phase: goal, step: 'validate', mode: 'validate' }, nowMs);
}

function start(plan: Plan, state: MachineState, nowMs: number): Transition {
  const fresh = state.status === 'planned' || (state.status === 'rolled-back' && state.phase === 0);
  if (!fresh) {
    return refuse(
      `the migration is ${state.status} in phase ${state.phase} and cannot be started again`,
      state.status === 'paused' ? 'use resume' : 'use advance, rollback or status',
    );
  }
  const first = plan.phases[0];
  if (first === undefined) throw new MigrationError('precondition', 'the plan has no phases');
  return enterPhase({ ...state, startedMs: nowMs, goalPhase: null, force: false }, first, nowMs);
}

function retry(state: MachineState, nowMs: number): Transition {
  const { current } = state;
  if (current === null)
    return refuse('nothing has failed that could be tried again', 'see status for what is due');
  const status = current.mode === 'run' ? 'running' : 'rolling-back';
  const { phase, step, mode } = current;
  return perform({ ...state, status }, { phase, step, mode }, nowMs);
}

function advance(plan: Plan, state: MachineState, nowMs: number, asked: number | undefined): Transition {
  if (state.status === 'failed') {
    if (asked !== undefined && asked !== state.phase)
      return refuse(
        `phase ${state.phase} has failed; phase ${asked} cannot begin`,
        'mend the cause and retry',
      );
    return retry(state, nowMs);
  }
  if (state.status !== 'awaiting-approval' && state.status !== 'rolled-back') {
    return refuse(
      `the migration is ${state.status} in phase ${state.phase}; there is nothing to approve`,
      state.status === 'planned' ? 'start it first' : 'see status for what it is doing',
    );
  }
  const next = nextPhase(plan, state.phase);
  if (next === undefined) return refuse('the last phase is done', 'nothing is left to do');
  if (asked !== undefined && asked !== next.number) {
    const known = plan.phases.map((phase) => phase.number).join(', ');
    return refuse(
      `phase ${asked} is not due; the phase after ${state.phase} is ${next.number} (${next.name})`,
      `this migration has the phases ${known}; use --phase=${next.number}`,
    );
  }
  return enterPhase({ ...state, goalPhase: null, force: false }, next, nowMs);
}

function pause(state: MachineState, nowMs: number): Transition {
  const { status } = state;
  if (
    status !== 'running' &&
    status !== 'rolling-back' &&
    status !== 'awaiting-approval' &&
    status !== 'rolled-back'
  )
    return refuse(
      `the migration is ${status} and cannot be paused`,
      'only one that is under way can be paused',
    );
  const timings = endTimings(state.timings, 'interrupted', nowMs);
  return {
    state: { ...state, status: 'paused', pausedFrom: status, timings },
    actions: [{ kind: 'interrupt' }],
  };
}

function resume(state: MachineState, nowMs: number): Transition {
  if (state.status === 'failed') return retry(state, nowMs);
  if (state.status !== 'paused' || state.pausedFrom === null)
    return refuse(`the migration is ${state.status}, not paused`, 'see status for what is due');
  const resumed: MachineState = { ...state, status: state.pausedFrom, pausedFrom: null };
  if (pendingActions(resumed).length === 0 || state.current === null) return { state: resumed, actions: [] };
  const { phase, step, mode } = state.current;
  return perform(resumed, { phase, step, mode }, nowMs);
}

function rollbackRefusal(plan: Plan, state: MachineState, toPhase: number, nowMs: number): void {
  const known = [0, ...plan.phases.map((phase) => phase.number)];
  if (!known.includes(toPhase))
    refuse(
      `there is no phase ${toPhase} to go back to`,
      `the phases are ${known.join(', ')}; 0 is the state before`,
    );
  if (state.status === 'planned') refuse('the migration has not begun', 'there is nothing to roll back');
  if (toPhase >= state.phase) {
    refuse(
      `phase ${toPhase} is not before the present state (phase ${state.phase})`,
      'name an earlier phase; 0 undoes all',
    );
  }
  const { completedMs } = state;
  if (completedMs !== null && nowMs - completedMs > plan.rollbackRetentionMs) {
    refuse(
      `the migration was completed ${Math.floor((nowMs - completedMs) / 3_600_000)} h ago, longer than rollback_retention_hours (${plan.rollbackRetentionMs / 3_600_000}) keep the way back open`,
      'restore the archive of the source by hand (zk-migrate archive restore) if it has to come back',
    );
  }
}

function rollback(plan: Plan, state: MachineState, event: MachineEvent & { kind: 'rollback' }): Transition {
  const { toPhase, nowMs } = event;
  rollbackRefusal(plan, state, toPhase, nowMs);
  const timings = endTimings(state.timings, 'interrupted', nowMs);
  const turned: MachineState = {
    ...state,
    status: 'rolling-back',
    goalPhase: toPhase,
    force: event.force ?? false,
    pausedFrom: null,
    failure: null,
    timings,
  };
  // The step that was under way may have done part of its work: it is undone first.
  const unfinished = state.current?.mode === 'run' ? [state.current] : [];
  const stack = [...state.done, ...unfinished.map(({ phase, step }) => ({ phase, step }))];
  const unwound = unwind({ ...turned, done: stack }, nowMs);
  return { ...unwound, actions: [{ kind: 'interrupt' }, ...unwound.actions] };
}

function stepDone(plan: Plan, state: MachineState, activity: Activity, nowMs: number): Transition {
  const ended: MachineState = { ...state, timings: endTimings(state.timings, 'done', nowMs) };
  const { phase, step } = activity;
  switch (activity.mode) {
    case 'run':
      return afterStep(plan, { ...ended, done: [...state.done, { phase, step }] }, nowMs);
    case 'undo':
      return unwind({ ...ended, done: state.done.slice(0, -1) }, nowMs);
    case 'validate':
      return {
        state: {
          ...ended,
          status: 'rolled-back',
          current: null,
          goalPhase: null,
          force: false,
          completedMs: null,
        },
        actions: [],
      };
  }
}

function stepFailed(state: MachineState, activity: Activity, failure: Failure, nowMs: number): Transition {
  const timings = endTimings(state.timings, 'failed', nowMs);
  return {
    state: { ...state, status: 'failed', failure, timings },
    actions: [{ kind: 'alert', failure, activity }],
  };
}

/**
 * The state after `event`, and what to do about it.
 *
 * @throws MigrationError `precondition`, with a remedy, for a command that the state does not allow. An answer to an activity
 *   that is no longer current changes nothing.
 */
export function transition(plan: Plan, state: MachineState, event: MachineEvent): Transition {
  switch (event.kind) {
    case 'start':
      return start(plan, state, event.nowMs);
    case 'advance':
      return advance(plan, state, event.nowMs, event.phase);
    case 'pause':
      return pause(state, event.nowMs);
    case 'resume':
      return resume(state, event.nowMs);
    case 'rollback':
      return rollback(plan, state, event);
    case 'stepDone':
    case 'stepFailed': {
      const expected = pendingActions(state).length > 0 && sameActivity(state.current, event.activity);
      if (!expected) return { state, actions: [] };
      return event.kind === 'stepDone'
        ? stepDone(plan, state, event.activity, event.nowMs)
        : stepFailed(state, event.activity, event.failure, event.nowMs);
    }
  }
}
