import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MigrationError } from '../errors.ts';
import { initialState, pendingActions, syncWanted, transition } from './machine.ts';
import type { Activity, MachineEvent, MachineState, Plan } from './machine-types.ts';

const retentionMs = 72 * 3_600_000;
const plan: Plan = {
  manualApproval: true,
  rollbackRetentionMs: retentionMs,
  phases: [
    {
      number: 1,
      name: 'deploy',
      steps: [{ name: 'preflight' }, { name: 'start' }, { name: 'sync', sync: 'on' }],
    },
    { number: 6, name: 'retire', steps: [{ name: 'stop sync', sync: 'off' }, { name: 'shut down' }] },
  ],
};

const step = (state: MachineState, event: MachineEvent, p = plan) => transition(p, state, event).state;

function currentOf(state: MachineState): Activity {
  if (state.current === null) throw new Error(`nothing is under way: ${state.status}`);
  return state.current;
}

/** Performs every activity successfully until the machine waits for someone. */
function settle(state: MachineState, trace: string[] = [], p = plan): MachineState {
  let now = state;
  while (pendingActions(now).length > 0) {
    const activity = currentOf(now);
    trace.push(`${activity.mode} ${activity.phase}/${activity.step}`);
    now = step(now, { kind: 'stepDone', nowMs: 1, activity }, p);
  }
  return now;
}

const started = () => step(initialState, { kind: 'start', nowMs: 1 });

describe('forward', () => {
  test('a phase runs its steps in order, then waits for approval of the next by number', () => {
    const trace: string[] = [];
    const waiting = settle(started(), trace);
    expect(trace).toEqual(['run 1/preflight', 'run 1/start', 'run 1/sync']);
    expect(waiting).toMatchObject({ status: 'awaiting-approval', phase: 1, current: null });
    expect(syncWanted(plan, waiting)).toBe(true);
    expect(() => step(waiting, { kind: 'advance', nowMs: 1, phase: 2 })).toThrow(
      'phase 2 is not due; the phase after 1 is 6 (retire)',
    );
    const finished = settle(step(waiting, { kind: 'advance', nowMs: 1, phase: 6 }));
    expect(finished).toMatchObject({ status: 'completed', phase: 6, completedMs: 1 });
    expect(syncWanted(plan, finished)).toBe(false);
  });

  test('without manual approval the phases follow each other', () => {
    const automatic = { ...plan, manualApproval: false };
    expect(settle(started(), [], automatic).status).toBe('completed');
  });

  test('a failed step is alerted, kept with its remedy, and tried again by advance', () => {
    const failure = { code: 'precondition', message: 'no quorum', remedy: 'start a second server' };
    const running = started();
    const { state, actions } = transition(plan, running, {
      kind: 'stepFailed',
      nowMs: 2,
      activity: currentOf(running),
      failure,
    });
    expect(state).toMatchObject({ status: 'failed', failure });
    expect(actions).toEqual([{ kind: 'alert', failure, activity: running.current }]);
    const again = step(state, { kind: 'advance', nowMs: 3 });
    expect(again.current).toMatchObject({ step: 'preflight', attempt: 2 });
    expect(again.failure).toBeNull();
  });

  test('the late answer of an earlier attempt is not taken for the present one', () => {
    const first = started();
    const paused = step(first, { kind: 'pause', nowMs: 2 });
    const late: MachineEvent = { kind: 'stepDone', nowMs: 3, activity: currentOf(first) };
    expect(step(paused, late)).toBe(paused);
    const resumed = step(paused, { kind: 'resume', nowMs: 4 });
    expect(step(resumed, late)).toBe(resumed);
  });
});

describe('back', () => {
  test('everything is undone in reverse, the step under way first, and the arrival validated', () => {
    const trace: string[] = [];
    const waiting = settle(started());
    const retiring = step(waiting, { kind: 'advance', nowMs: 1 });
    const shutting = step(retiring, { kind: 'stepDone', nowMs: 1, activity: currentOf(retiring) });
    const back = transition(plan, shutting, { kind: 'rollback', nowMs: 2, toPhase: 0 });
    expect(back.actions[0]).toEqual({ kind: 'interrupt' });
    const arrived = settle(back.state, trace);
    expect(trace).toEqual([
      'undo 6/shut down',
      'undo 6/stop sync',
      'undo 1/sync',
      'undo 1/start',
      'undo 1/preflight',
      'validate 0/validate',
    ]);
    expect(arrived).toMatchObject({ status: 'rolled-back', phase: 0, done: [] });
  });

  test('from the end to phase 1 sync runs again, and phase 6 can be approved again', () => {
    const finished = settle(step(settle(started()), { kind: 'advance', nowMs: 1 }));
    const back = settle(step(finished, { kind: 'rollback', nowMs: 2, toPhase: 1 }));
    expect(back).toMatchObject({ status: 'rolled-back', phase: 1 });
    expect(syncWanted(plan, back)).toBe(true);
    expect(settle(step(back, { kind: 'advance', nowMs: 3, phase: 6 })).status).toBe('completed');
  });

  test('after the retention window a rollback is refused with the way that remains', () => {
    const finished = settle(step(settle(started()), { kind: 'advance', nowMs: 1 }));
    const late = { kind: 'rollback' as const, nowMs: 2 + retentionMs, toPhase: 1 };
    expect(() => step(finished, late)).toThrow('completed 72 h ago');
    expect(step(finished, { ...late, nowMs: 1 + retentionMs }).status).toBe('rolling-back');
  });

  test.each([
    [3, 'no phase 3'],
    [1, 'not before the present state'],
    [6, 'not before the present state'],
  ])('to phase %i from phase 1: %s', (toPhase, message) => {
    expect(() => step(settle(started()), { kind: 'rollback', nowMs: 2, toPhase })).toThrow(message);
  });
});

/** Commands and outcomes in any order, as operators, failures and crashes may produce them. */
const anyEvent = fc.oneof(
  fc.constant('start' as const),
  fc.constant('advance' as const),
  fc.constant('pause' as const),
  fc.constant('resume' as const),
  fc.constantFrom('rollback 0' as const, 'rollback 1' as const),
  fc.constant('fail' as const),
  fc.constant('crash' as const),
  { weight: 8, arbitrary: fc.constant('done' as const) },
);

function eventOf(name: string, state: MachineState): MachineEvent | undefined {
  if (name === 'done' || name === 'fail') {
    if (state.current === null) return undefined;
    const { current: activity } = state;
    const failure = { code: 'x', message: 'x', remedy: null };
    return name === 'done'
      ? { kind: 'stepDone', nowMs: 1, activity }
      : { kind: 'stepFailed', nowMs: 1, activity, failure };
  }
  if (name.startsWith('rollback')) return { kind: 'rollback', nowMs: 1, toPhase: Number(name.at(-1)) };
  return { kind: name as 'start', nowMs: 1 };
}

/** The world that the steps change: a step's effect is there from its first instruction to the end of its undo. */
class World {
  readonly effects = new Set<string>();

  begin(activity: Activity): void {
    if (activity.mode === 'run') this.effects.add(`${activity.phase}/${activity.step}`);
  }

  end(activity: Activity): void {
    if (activity.mode === 'undo') this.effects.delete(`${activity.phase}/${activity.step}`);
  }
}

test('whatever happens in whatever order, no effect is forgotten and the machine can always go on', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 120 }), fc.boolean(), (names, manualApproval) => {
      const p = { ...plan, manualApproval };
      const world = new World();
      let state = initialState;
      for (const name of names) {
        // A crash forgets everything but the stored state: what is pending is simply performed again.
        const event = name === 'crash' ? undefined : eventOf(name, state);
        const ending = name === 'done' && pendingActions(state).length > 0 ? state.current : null;
        try {
          if (event !== undefined) state = transition(p, state, event).state;
          if (ending !== null) world.end(ending);
        } catch (error) {
          expect(error).toBeInstanceOf(MigrationError);
        }
        state = JSON.parse(JSON.stringify(state));
        for (const action of pendingActions(state))
          if (action.kind === 'perform') world.begin(action.activity);

        const known = new Set(state.done.map((ref) => `${ref.phase}/${ref.step}`));
        if (state.current !== null) known.add(`${state.current.phase}/${state.current.step}`);
        for (const effect of world.effects) expect(known).toContain(effect);
        const order = p.phases.flatMap((phase) => phase.steps.map((s) => `${phase.number}/${s.name}`));
        const done = state.done.map((ref) => `${ref.phase}/${ref.step}`);
        expect(done).toEqual(order.slice(0, done.length));
      }
      if (state.status === 'planned') return;
      const turned =
        state.phase === 0 ? state : transition(p, state, { kind: 'rollback', nowMs: 1, toPhase: 0 }).state;
      let last = turned;
      while (pendingActions(last).length > 0 && last.current !== null) {
        world.begin(last.current);
        world.end(last.current);
        last = transition(p, last, { kind: 'stepDone', nowMs: 1, activity: last.current }).state;
      }
      expect([...world.effects]).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});
