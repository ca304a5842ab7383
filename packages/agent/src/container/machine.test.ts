import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ContainerAction,
  type ContainerEvent,
  initialStep,
  killRetryMs,
  recoveredState,
  step,
} from './machine.ts';

const status = { containerId: 'c', runtime: 'docker', pid: 1, hostNetwork: true, ipAddresses: [] };
const exited = (exitCode: number | undefined, outOfMemory = false): ContainerEvent => ({
  type: 'exited',
  exit: { exitCode, outOfMemory },
});
const created: ContainerEvent = { type: 'created' };
const started: ContainerEvent = { type: 'started', status };
const destroy: ContainerEvent = { type: 'destroy' };
const kill = (graceMs: number): ContainerEvent => ({ type: 'kill', graceMs });

const describeAction = (action: ContainerAction): string => {
  if (action.type === 'signal') return action.signal;
  if (action.type === 'timer') return `timer ${action.delayMs}`;
  return action.type === 'terminated'
    ? `terminated ${action.termination.reason} ${action.termination.exitCode}`
    : action.type;
};

/** What is done after each event. */
function play(...events: ContainerEvent[]): string[][] {
  let { state, actions } = initialStep;
  const told = [actions.map(describeAction)];
  for (const event of events) {
    ({ state, actions } = step(state, event));
    told.push(actions.map(describeAction));
  }
  return told;
}

describe('a container', () => {
  test('is made, started, ends and is removed', () => {
    expect(play(created, started, exited(0), destroy, { type: 'removed' })).toEqual([
      ['create'],
      ['start'],
      ['launched'],
      ['timer undefined', 'terminated exited 0'],
      ['remove'],
      [],
    ]);
  });

  test('killed has its grace, then SIGKILL until it has ended', () => {
    const timeout: ContainerEvent = { type: 'timeout' };
    expect(play(created, started, kill(5_000), timeout, timeout, exited(137)).slice(3)).toEqual([
      ['SIGTERM', 'timer 5000'],
      ['SIGKILL', `timer ${killRetryMs}`],
      ['SIGKILL', `timer ${killRetryMs}`],
      ['timer undefined', 'terminated killed 137'],
    ]);
  });

  test('killed again may have less grace, and no more once SIGKILL was sent', () => {
    expect(play(created, started, kill(60_000), kill(100), kill(0), kill(9_000)).slice(3)).toEqual([
      ['SIGTERM', 'timer 60000'],
      ['SIGTERM', 'timer 100'],
      ['SIGKILL', `timer ${killRetryMs}`],
      [],
    ]);
  });

  test('killed while it is made was never launched', () => {
    const failed: ContainerEvent = { type: 'failed', message: 'aborted' };
    expect(play(kill(1_000), kill(1_000), failed).slice(1)).toEqual([
      ['abort'],
      [],
      ['timer undefined', 'terminated killed undefined', 'remove'],
    ]);
    expect(play(kill(1_000), created).at(-1)).toEqual([
      'timer undefined',
      'terminated killed undefined',
      'remove',
    ]);
  });

  test('killed while it starts is signalled when it is there', () => {
    expect(play(created, kill(1_000), started).at(-1)).toEqual(['launched', 'SIGTERM', 'timer 1000']);
  });

  test('that ends before its start is known was launched all the same', () => {
    expect(play(created, exited(3), started).slice(2)).toEqual([
      [],
      ['launched', 'timer undefined', 'terminated exited 3'],
    ]);
  });

  test('that could not be started leaves nothing', () => {
    expect(play(created, { type: 'failed', message: 'no such program' }).at(-1)).toEqual([
      'timer undefined',
      'terminated launchFailed undefined',
      'remove',
    ]);
  });

  test('out of memory is told, unless it ended well', () => {
    expect(play(created, started, exited(137, true)).at(-1)).toContain('terminated outOfMemory 137');
    expect(play(created, started, exited(0, true)).at(-1)).toContain('terminated exited 0');
    expect(play(created, started, kill(1), exited(137, true)).at(-1)).toContain('terminated outOfMemory 137');
  });

  test('found after a restart of the agent goes on from there', () => {
    expect(step(recoveredState({ status }), kill(10)).actions[0]).toMatchObject({ signal: 'SIGTERM' });
    const ended = recoveredState({ exit: { exitCode: undefined, outOfMemory: false } });
    expect(ended).toMatchObject({ termination: { message: 'Command exited with an unknown status' } });
  });
});

test('whatever happens in whatever order: one end, one removal, and no signal after the end', () => {
  const event = fc.constantFrom<ContainerEvent>(
    ...[created, started, destroy, kill(0), kill(10), exited(1), exited(137, true)],
    ...[
      { type: 'timeout' } as const,
      { type: 'removed' } as const,
      { type: 'failed', message: 'x' } as const,
    ],
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const told = play(...events).flat();
      const end = told.findIndex((one) => one.startsWith('terminated'));
      expect(told.filter((one) => one.startsWith('terminated')).length).toBeLessThanOrEqual(1);
      expect(told.filter((one) => one === 'remove').length).toBeLessThanOrEqual(1);
      expect(told.filter((one) => one === 'launched').length).toBeLessThanOrEqual(1);
      if (end >= 0) expect(told.slice(end).some((one) => one.startsWith('SIG'))).toBe(false);
    }),
  );
});
