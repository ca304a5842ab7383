import type { Migration } from '@orchestrator/monitor/schema';
import { expect, test } from 'vitest';
import { addressOf, attemptsOf, offeredOf, phaseDurationMs, phaseWord, shareDone } from './stages.ts';

const migration: Migration = {
  coordinator: 'main',
  id: 'm1',
  name: 'move',
  status: 'running',
  phase: 1,
  phase_name: 'deploy',
  step: 'seed target',
  step_mode: 'run',
  attempt: 1,
  next_phase: 6,
  goal_phase: null,
  failure: null,
  created_ms: 0,
  created_by: 'test',
  started_ms: 1_000,
  completed_ms: null,
  phases: [
    {
      number: 1,
      name: 'deploy',
      steps: [
        { name: 'preflight', done: true },
        { name: 'seed target', done: false },
      ],
    },
    { number: 6, name: 'retire', steps: [{ name: 'stop sync', done: false }] },
  ],
  timings: [
    {
      phase: 1,
      step: 'preflight',
      mode: 'run',
      attempt: 1,
      started_ms: 1_000,
      ended_ms: 2_000,
      outcome: 'done',
    },
    {
      phase: 1,
      step: 'seed target',
      mode: 'run',
      attempt: 1,
      started_ms: 2_000,
      ended_ms: null,
      outcome: null,
    },
  ],
  config: { source: { zookeeper: 'a:2181' } },
};
const [first, last] = migration.phases;
const waiting: Migration = {
  ...migration,
  status: 'awaiting-approval',
  step: null,
  phases: [{ ...first!, steps: first!.steps.map((step) => ({ ...step, done: true })) }, last!],
};

test('a phase is told by its steps and by what is being done', () => {
  expect(phaseWord(migration, first!)).toBe('running');
  expect(phaseWord({ ...migration, step_mode: 'undo', status: 'rolling-back' }, first!)).toBe('undoing');
  expect(phaseWord({ ...migration, status: 'failed' }, first!)).toBe('failed');
  expect(phaseWord(migration, last!)).toBe('to do');
  expect(phaseWord(waiting, waiting.phases[0]!)).toBe('done');
  expect(phaseWord(waiting, last!)).toBe('waits for approval');
});

test('a phase takes from its first begin to its last end, or to now', () => {
  expect(phaseDurationMs(migration, 1, 5_000)).toBe(4_000);
  expect(phaseDurationMs(migration, 6, 5_000)).toBeUndefined();
});

test('only what is possible is offered', () => {
  expect(offeredOf(migration)).toEqual({
    start: false,
    approve: undefined,
    pause: true,
    resume: undefined,
    rollbackTo: [0],
  });
  expect(offeredOf(waiting)).toMatchObject({ approve: 6, pause: false, rollbackTo: [0] });
  expect(offeredOf({ ...waiting, status: 'completed', phase: 6 })).toMatchObject({
    approve: undefined,
    rollbackTo: [1, 0],
  });
  expect(offeredOf({ ...migration, status: 'failed' }).resume).toBe('try again');
});

test('what is done and where is read from the record', () => {
  expect(shareDone(migration)).toBeCloseTo(1 / 3);
  expect(attemptsOf(migration)).toBe(1);
  const again = { ...migration.timings[1]!, attempt: 3 };
  expect(attemptsOf({ ...migration, timings: [...migration.timings, again] })).toBe(2);
  expect(addressOf(migration, 'source')).toBe('a:2181');
  expect(addressOf(migration, 'target')).toBe('unknown');
  const servers = [1, 2].map((id) => ({ id, host: `b-${id}`, client_port: 2181 }));
  const config = { target: { deploy: { kind: 'ssh', servers } } };
  expect(addressOf({ ...migration, config }, 'target')).toBe('b-1:2181,b-2:2181');
});
