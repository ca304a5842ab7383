/** Who makes a container dies in the middle of it, at many moments: nothing of the container may be left. */
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import {
  busyboxImage,
  createTestCgroup,
  mountSmallDisk,
  runCommand,
  type SmallDisk,
  startDocker,
  type TestCgroup,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signalIfThere } from '../src/container/process-tree.ts';
import { type ContainerSpec, createContainerizer, DockerRuntime, NativeRuntime } from '../src/index.ts';
import { writePairs } from './cni-pairs.ts';
import { shellSpec } from './container-spec.ts';
import { startDoomedAgent } from './doomed-agent.ts';

/** The end of a container that nobody watches is seen within a fraction of a second. */
const quickClock: Clock = {
  ...systemClock,
  after: (delayMs, callback, options) => systemClock.after(delayMs / 50, callback, options),
};

/** Milliseconds after the first sign of it. Making a container takes some sixty here. */
const momentsMs = [0, 10, 20, 30, 45, 60];

let disk: SmallDisk;
let cgroup: TestCgroup;

beforeAll(async () => {
  disk = await mountSmallDisk({ sizeMb: 64 });
  await chmod(disk.path, 0o755);
  cgroup = await createTestCgroup('interrupted');
  await writePairs(disk.path);
});
afterAll(async () => {
  await cgroup?.end();
  await disk?.close();
});

const choiceFor = (stateFolder: string) => ({
  ...{ runtime: 'native' as const, stateFolder, cgroupRoot: `${cgroup.path}/containers` },
  cni: { configFolder: join(disk.path, 'networks') },
});
const specOnNetwork = () => shellSpec(disk.path, 'sleep 1000', { network: { mode: 'named', name: 'pairs' } });

/** The processes of this machine that name the folder. */
async function processesOf(folder: string): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      line: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    })),
  );
  return all.filter(({ line }) => line.includes(folder) && !line.includes('agent-program'));
}

async function leftOf(stateFolder: string, { containerId }: ContainerSpec): Promise<string[]> {
  const folders = ['containers', 'exits', 'runc'].map((name) => join(stateFolder, name));
  const names = await Promise.all(folders.map((path) => (existsSync(path) ? readdir(path) : [])));
  const hierarchies = ['', ...(await readdir('/sys/fs/cgroup'))];
  const cgroups = hierarchies.map((name) =>
    join('/sys/fs/cgroup', name, cgroup.path, 'containers', containerId),
  );
  const leases = await readdir(join(disk.path, 'leases/pairs')).catch((): string[] => []);
  return [
    ...names.flat(),
    ...[...cgroups, `/run/netns/mesos-${containerId}`].filter((path) => existsSync(path)),
    ...leases.filter((name) => name.startsWith('10.')),
    ...(await processesOf(stateFolder)).map(({ line }) => line),
  ];
}

test.each(momentsMs)('conmon is killed %i ms after it was begun', async (afterMs) => {
  const stateFolder = join(disk.path, `watcher-${afterMs}`);
  const containerizer = createContainerizer(
    new NativeRuntime({ ...choiceFor(stateFolder), clock: quickClock }),
  );
  const spec = await specOnNetwork();
  const launch = containerizer.launch(spec).then(
    () => containerizer.destroy(spec.containerId),
    () => undefined,
  );
  const watchers = async () => (await processesOf(stateFolder)).filter(({ line }) => line.includes('conmon'));
  await waitFor(async () => (await watchers()).length > 0, { what: 'conmon', intervalMs: 1 });
  await pause(afterMs);
  for (const { pid } of await watchers()) signalIfThere(pid, 'SIGKILL');
  await launch;
  expect(await leftOf(stateFolder, spec)).toEqual([]);
  await containerizer.close();
});

test.each([0, 30, 60])('the agent is killed %i ms after conmon was begun', async (afterMs) => {
  const stateFolder = join(disk.path, `agent-${afterMs}`);
  const doomed = await startDoomedAgent(choiceFor(stateFolder));
  const spec = await specOnNetwork();
  doomed.launch(spec).catch(() => undefined);
  const conmon = async () => (await processesOf(stateFolder)).length > 0;
  await waitFor(conmon, { what: 'conmon', intervalMs: 1 });
  await pause(afterMs);
  await doomed.kill();
  // At once, while what the other one had begun goes on.
  const next = createContainerizer(new NativeRuntime(choiceFor(stateFolder)));
  await next.recover(() => false);
  expect(await leftOf(stateFolder, spec)).toEqual([]);
  await next.close();
});

test('what the Engine makes for an agent that has died is removed by the next', async () => {
  const engine = await startDocker();
  const image = { name: await busyboxImage(engine) };
  const choice = { runtime: 'docker' as const, socketPath: engine.socketPath, stateFolder: disk.path };
  const docker = async (...args: string[]) =>
    (await runCommand('docker', ['--host', engine.dockerHost, ...args])).stdout.trim();
  const waiting: (() => void)[] = [];
  const clock: Clock = {
    ...systemClock,
    after(delayMs, callback, options) {
      if (delayMs < 10_000) return systemClock.after(delayMs, callback, options);
      waiting.push(callback);
      return { cancel: () => undefined };
    },
  };
  const next = createContainerizer(new DockerRuntime({ ...choice, clock }));
  await next.recover();
  // As it would come too late for the look at the start.
  const spec = await shellSpec(disk.path, 'sleep 1000', { image });
  await new DockerRuntime(choice).create(spec, new AbortController().signal);
  const own = await shellSpec(disk.path, 'sleep 1000', { image });
  await next.launch(own);
  for (const tenSecondsLater of waiting) tenSecondsLater();
  await waitFor(async () => (await docker('ps', '--all', '--quiet')).split('\n').length === 1, {
    what: 'the stray to be gone',
  });
  expect(await docker('ps', '--format', '{{.Names}}')).toBe(`mesos-${own.containerId}`);
  await next.destroy(own.containerId);
  await next.close();
  await engine.close();
});
