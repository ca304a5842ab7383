import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { removeFolder, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Containerizer,
  type ContainerSpec,
  composeContainerizers,
  createContainerizer,
  NativeRuntime,
  ProcessRuntime,
} from '../src/index.ts';
import { readLog, shellSpec } from './container-spec.ts';
import { startDoomedAgent } from './doomed-agent.ts';

let folder: string;
let containerizer: Containerizer;

beforeAll(async () => {
  folder = await temporaryFolder('process');
  containerizer = createContainerizer(new ProcessRuntime({ stateFolder: join(folder, 'state') }));
});
afterAll(async () => {
  for (const containerId of containerizer.containers()) await containerizer.destroy(containerId);
  await containerizer.close();
  await removeFolder(folder);
});

const specFor = (value: string, more: Partial<ContainerSpec> = {}) => shellSpec(folder, value, more);

test('a process has its environment, its sandbox, and its output there; its exit code is known', async () => {
  const spec = await specFor('echo "$GREETING"; pwd >&2; exit 7', { environment: { GREETING: 'hello' } });
  await containerizer.launch(spec);
  expect(await containerizer.wait(spec.containerId)).toMatchObject({ reason: 'exited', exitCode: 7 });
  expect(await readLog(spec)).toBe('hello\n');
  expect(await readLog(spec, 'stderr')).toBe(`${spec.sandboxPath}\n`);
});

test('its whole session is asked to end, and ended when it does not', async () => {
  const polite = await specFor('sleep 100');
  const deaf = await specFor('trap "" TERM; echo ready; while :; do sleep 0.05; done');
  for (const spec of [polite, deaf]) await containerizer.launch(spec);
  await waitFor(async () => (await readLog(deaf)) === 'ready\n', { what: 'the trap' });
  expect((await containerizer.usage(deaf.containerId)).processes).toBeGreaterThan(1);
  const session = await containerizer.exec(deaf.containerId, { argv: ['sh', '-c', 'pwd; exit 3'] });
  expect([await text(session.stdout), await session.exit]).toEqual([`${deaf.sandboxPath}\n`, 3]);
  for (const { containerId } of [polite, deaf]) containerizer.kill(containerId, { graceMs: 100 });
  expect(await containerizer.wait(polite.containerId)).toMatchObject({ reason: 'killed', exitCode: 143 });
  expect(await containerizer.wait(deaf.containerId)).toMatchObject({ reason: 'killed', exitCode: 137 });
});

test('what needs isolation is refused, and goes elsewhere where there is an elsewhere', async () => {
  const isolated = await specFor('true', { network: { mode: 'none' } });
  await expect(containerizer.launch(isolated)).rejects.toThrow('network none needs a container runtime');
  const native = createContainerizer(new NativeRuntime({ stateFolder: join(folder, 'unused') }));
  const both = composeContainerizers([containerizer, native]);
  expect(both.name).toBe('process,native');
  expect(both.refuses(isolated)).toBeUndefined();
  const withImage = { ...isolated, image: { name: 'busybox' } };
  expect(both.refuses(withImage)).toMatch(/^process: image busybox needs .*; native: image busybox needs/);
});

test('processes and exit codes are found after a kill of the agent', async () => {
  const choice = { runtime: 'process', stateFolder: join(folder, 'doomed') } as const;
  const doomed = await startDoomedAgent(choice);
  const ending = await specFor('sleep 0.2; echo ended; exit 9');
  const running = await specFor('until [ -e go ]; do sleep 0.05; done; exit 4');
  for (const spec of [ending, running]) await doomed.launch(spec);
  await doomed.kill();
  await waitFor(async () => (await readLog(ending)) === 'ended\n', { what: 'the end' });
  await waitFor(() => existsSync(join(folder, 'doomed/exits', ending.containerId)), { what: 'the code' });
  const next = createContainerizer(new ProcessRuntime(choice));
  await next.recover();
  expect(await next.wait(ending.containerId)).toMatchObject({ reason: 'exited', exitCode: 9 });
  expect(next.status(running.containerId)).toMatchObject({ runtime: 'process' });
  await (await next.exec(running.containerId, { argv: ['touch', 'go'] })).exit;
  expect(await next.wait(running.containerId)).toMatchObject({ reason: 'exited', exitCode: 4 });
  for (const containerId of next.containers()) await next.destroy(containerId);
  expect(await readdir(join(folder, 'doomed/containers'))).toEqual([]);
  await next.close();
});
