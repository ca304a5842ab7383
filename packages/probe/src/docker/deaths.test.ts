import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedClock, temporaryFolder } from '@orchestrator/testing';
import { beforeEach, expect, it } from 'vitest';
import { createDeathWatch } from './deaths.ts';
import { type Container, parseContainer } from './inspect.ts';

const clock = new SimulatedClock();
let procRoot: string;
let died: Container[];
let deaths: ReturnType<typeof createDeathWatch>;

const container = (pid: number): Container => {
  const json = { Id: 'c1', State: { Status: 'running', Pid: pid, ExitCode: 0 } };
  const parsed = parseContainer(json, { showSecrets: false });
  if (parsed === undefined) throw new Error('no container');
  return parsed;
};

beforeEach(async () => {
  procRoot = await temporaryFolder('deaths');
  mkdirSync(join(procRoot, '7'));
  died = [];
  deaths = createDeathWatch({ clock, procRoot, died: (one) => died.push(one) });
});

it('a container that dies of a signal has ended, whatever the engine still says', () => {
  expect(deaths.seen(container(7)).state).toBe('running');
  deaths.signalled('c1');
  clock.advance(100);
  expect(died).toEqual([]);
  rmSync(join(procRoot, '7'), { recursive: true });
  clock.advance(100);
  expect(died).toMatchObject([{ id: 'c1', state: 'exited', pid: 0, exitCode: undefined }]);
  expect(deaths.seen(container(7)).state).toBe('exited');
  mkdirSync(join(procRoot, '8'));
  expect(deaths.seen(container(8)).state).toBe('running');
});

it('one that does not die of it goes on, and is not looked at for ever', () => {
  deaths.seen(container(7));
  deaths.signalled('c1');
  clock.advance(10_000);
  rmSync(join(procRoot, '7'), { recursive: true });
  clock.advance(10_000);
  expect(died).toEqual([]);
});

it('nothing is said of processes that cannot be seen', () => {
  expect(deaths.seen(container(99)).state).toBe('running');
  deaths.signalled('c1');
  clock.advance(1_000);
  expect(died).toEqual([]);
});
