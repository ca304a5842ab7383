import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { type DaemonHost, runDaemon } from './daemon.ts';
import { OrchestratorError } from './errors.ts';
import { type Component, createLifecycle } from './lifecycle.ts';
import { silentLogger } from './logger.ts';

/** Timers fire only when told to. */
function manualClock(): Clock & { fireAll(): void } {
  const timers = new Set<() => void>();
  return {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after(_delayMs, callback) {
      timers.add(callback);
      return { cancel: () => timers.delete(callback) };
    },
    fireAll() {
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
    },
  };
}

function recorder(...names: string[]) {
  const events: string[] = [];
  const components: Component[] = names.map((name) => ({
    name,
    start: async () => void events.push(`+${name}`),
    stop: async () => void events.push(`-${name}`),
  }));
  return { events, components };
}

function fakeHost() {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  const host: DaemonHost = {
    on: (signal, listener) => void listeners.set(signal, listener),
    off: (signal) => void listeners.delete(signal),
    exit: (code) => void exits.push(code),
  };
  return { host, exits, send: (signal: string) => listeners.get(signal)?.(), listeners };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('starts in order and stops in reverse, once', async () => {
  const { events, components } = recorder('a', 'b', 'c');
  const lifecycle = createLifecycle({ components, logger: silentLogger });
  await lifecycle.start();
  const [first, second] = await Promise.all([lifecycle.stop('done'), lifecycle.stop('again')]);
  expect(events).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
  expect(first).toEqual({ reason: 'done', problems: [] });
  expect(second).toBe(first);
});

test('a failed start stops what has started and throws the cause', async () => {
  const { events, components } = recorder('a', 'b');
  const broken: Component = {
    name: 'broken',
    start: () => {
      throw new OrchestratorError('port 80 is taken', { code: 'unavailable' });
    },
    stop: () => void events.push('never'),
  };
  const lifecycle = createLifecycle({
    components: [...components, broken, { name: 'later' }],
    logger: silentLogger,
  });
  await expect(lifecycle.start()).rejects.toThrow('port 80 is taken');
  expect(events).toEqual(['+a', '+b', '-b', '-a']);
  expect((await lifecycle.stopped).problems).toHaveLength(1);
});

test('a part that does not stop in time is reported and does not hold up the others', async () => {
  const clock = manualClock();
  const { events, components } = recorder('a');
  const stuck: Component = { name: 'stuck', stop: () => new Promise(() => undefined), stopTimeoutMs: 5 };
  const lifecycle = createLifecycle({ components: [...components, stuck], logger: silentLogger, clock });
  await lifecycle.start();
  const stopped = lifecycle.stop('done');
  await turn();
  clock.fireAll();
  const { problems } = await stopped;
  expect(problems.map((problem) => [problem.component, String(problem.error)])).toEqual([
    ['stuck', 'OrchestratorError: stop of stuck took longer than 5 ms'],
  ]);
  expect(events).toEqual(['+a', '-a']);
});

test('a stop during start aborts it, waits for it, and stops a part that finishes its start late', async () => {
  const { events, components } = recorder('a');
  const slow: Component = {
    name: 'slow',
    start: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 5))),
    stop: () => void events.push('-slow'),
  };
  const lifecycle = createLifecycle({
    components: [...components, slow, ...recorder('never').components],
    logger: silentLogger,
  });
  const start = lifecycle.start();
  await turn();
  const stop = lifecycle.stop('SIGTERM');
  await expect(start).rejects.toMatchObject({ code: 'cancelled' });
  expect(await stop).toEqual({ reason: 'SIGTERM', problems: [] });
  expect(events).toEqual(['+a', '-slow', '-a']);
});

test('a start that takes too long fails by name', async () => {
  const clock = manualClock();
  const stuck: Component = { name: 'stuck', start: () => new Promise(() => undefined), startTimeoutMs: 7 };
  const lifecycle = createLifecycle({ components: [stuck], logger: silentLogger, clock });
  const start = expect(lifecycle.start()).rejects.toThrow('start of stuck took longer than 7 ms');
  for (let round = 0; round < 3; round++) {
    await turn();
    clock.fireAll();
  }
  await start;
});

test('a part that breaks stops the daemon with exit code 1', async () => {
  const { events, components } = recorder('a');
  const breaking: Component = {
    name: 'b',
    start: ({ fail }) => void setTimeout(() => fail(new Error('lost')), 1),
  };
  const { host } = fakeHost();
  expect(await runDaemon({ components: [...components, breaking], logger: silentLogger, host })).toBe(1);
  expect(events).toEqual(['+a', '-a']);
});

test('SIGTERM ends a daemon cleanly with 0, and its listeners are gone', async () => {
  const { events, components } = recorder('a');
  const { host, send, listeners, exits } = fakeHost();
  const code = runDaemon({ components, logger: silentLogger, host });
  await turn();
  send('SIGTERM');
  expect(await code).toBe(0);
  expect(events).toEqual(['+a', '-a']);
  expect(listeners.size).toBe(0);
  expect(exits).toEqual([]);
});

test('a second signal ends the process at once', async () => {
  const { host, send, exits } = fakeHost();
  const stuck: Component = { name: 'stuck', stop: () => new Promise(() => undefined) };
  void runDaemon({ components: [stuck], logger: silentLogger, host, clock: manualClock() });
  await turn();
  send('SIGTERM');
  send('SIGINT');
  expect(exits).toEqual([130]);
});

test('the exit code of a failed start is that of its error', async () => {
  const { host } = fakeHost();
  const broken: Component = {
    name: 'x',
    start: () => Promise.reject(new OrchestratorError('bad', { code: 'config' })),
  };
  expect(await runDaemon({ components: [broken], logger: silentLogger, host })).toBe(2);
});
