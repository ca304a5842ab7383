/** Agents, engines and watchers that die at random while tasks come and go: every task is told of, nothing is left. */
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskState } from '@orchestrator/mesos';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  runCommand,
  startDocker,
  type TestCgroup,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writePairs } from './cni-pairs.ts';
import { SmallCluster } from './small-cluster.ts';

const terminal = new Set<number>([
  ...[TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED],
  ...[TaskState.TASK_DROPPED, TaskState.TASK_LOST, TaskState.TASK_GONE],
]);

let engine: DockerEngine;
let cgroup: TestCgroup;
let cluster: SmallCluster;
let image: string;

beforeAll(async () => {
  engine = await startDocker({ flags: ['--live-restore'] });
  image = await busyboxImage(engine);
  cgroup = await createTestCgroup('chaos');
  cluster = await SmallCluster.start({
    flags: {
      ...{ containerizers: 'docker,mesos', docker_socket: engine.socketPath },
      cgroups_root: `${cgroup.path}/mesos`,
    },
    prepare: writePairs,
  });
});
afterAll(async () => {
  await cluster?.close();
  await cgroup?.end();
  await engine?.close();
});

const docker = async (...args: string[]) =>
  (await runCommand('docker', ['--host', engine.dockerHost, ...args])).stdout;
const killPolicy = { gracePeriod: { nanoseconds: 100_000_000n } };
const inDocker = () => ({ container: { type: 1, docker: { image, network: 2 } }, killPolicy });
const onNetwork = { container: { type: 2, mesos: {}, networkInfos: [{ name: 'pairs' }] }, killPolicy };

let count = 0;
/** A long and a short task of each kind. */
async function launchRound(): Promise<string[]> {
  const round = ++count;
  const id = (name: string) => `${name}-${round}`;
  const make = (name: string, value: string, more: object) =>
    cluster.task(id(name), { command: { shell: true, value }, ...more }, 'cpus:0.05;mem:32');
  await cluster.launch(
    make('docker-long', 'sleep 1000', inDocker()),
    make('docker-short', 'sleep 0.3; exit 3', inDocker()),
    make('native-long', 'sleep 1000', onNetwork),
    make('native-short', 'sleep 0.3; exit 3', { killPolicy }),
  );
  return ['docker-long', 'docker-short', 'native-long', 'native-short'].map(id);
}

async function aConmon(workDir: string): Promise<number | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('conmon') && line.includes(`${workDir}/containers`)) return Number(pid);
  }
  return undefined;
}

/** Processes whose command line names the agent's folder, other than the agent itself. */
async function processesOf(workDir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: string[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`${workDir}/containers`)) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}

async function openSockets(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return links.filter((link) => link.startsWith('socket:')).length;
}

/** All that is there and should not be, when no task is. */
async function leaks(): Promise<string[]> {
  const state = join(cluster.workDir, 'containers');
  const folders = ['native/containers', 'native/exits', 'native/runc', 'docker'].map((name) =>
    join(state, name),
  );
  const hierarchies = ['', ...(await readdir('/sys/fs/cgroup'))];
  const cgroups = hierarchies.map((name) => join('/sys/fs/cgroup', name, cgroup.path, 'mesos'));
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const found = await Promise.all([...folders, ...cgroups].map(entriesIn));
  const leases = await entriesIn(join(cluster.folder, 'leases/pairs'));
  const saved = await readdir(join(cluster.workDir, 'meta/state'), { recursive: true });
  const containers = cluster.statuses.map(({ containerStatus }) => containerStatus?.containerId?.value);
  return [
    ...found.flat(),
    ...leases.filter((path) => /\/10\.[\d.]+$/.test(path)),
    ...saved.filter((path) => path !== 'agent'),
    ...containers.map((id) => `/run/netns/mesos-${id}`).filter((path) => existsSync(path)),
    ...mounts.filter((line) => line.includes(`${cluster.workDir}/`)),
    ...(await processesOf(cluster.workDir)),
    ...(await docker('ps', '--all', '--quiet')).split('\n').filter((line) => line !== ''),
  ];
}

/** Of a cgroup its children only. */
async function entriesIn(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true });
  const isCgroup = path.startsWith('/sys/fs/cgroup');
  return entries.filter((entry) => !isCgroup || entry.isDirectory()).map(({ name }) => join(path, name));
}

test('whoever is killed meanwhile: each task has one end, and nothing leaks', async () => {
  const tasks = await launchRound();
  await cluster.killAgent();
  await cluster.startAgent();
  tasks.push(...(await launchRound()));
  // A task that was on its way to an agent that died is dropped, and said to be.
  const isOver = (taskId: string) => cluster.statusesOf(taskId).some(({ state }) => terminal.has(state));
  const runs = (taskId: string) =>
    cluster.statusesOf(taskId).some(({ state }) => state === TaskState.TASK_RUNNING);
  const open = () => tasks.filter((taskId) => !runs(taskId) && !isOver(taskId));
  await waitFor(() => open().length === 0, { what: () => `${open().join(', ')} to run` });
  await engine.kill();
  await cluster.killAgent();
  await engine.start();
  await cluster.startAgent();
  tasks.push(...(await launchRound()));
  const watcher = await waitFor(() => aConmon(cluster.workDir), { what: 'a watcher of a container' });
  process.kill(watcher, 'SIGKILL');
  await cluster.killAgent();
  await cluster.startAgent();

  const living = () => tasks.filter((taskId) => !isOver(taskId));
  const ended = await waitFor(
    async () => {
      // A kill is lost while the agent is away, and sent again, as frameworks do.
      for (const taskId of living().filter((name) => name.includes('long'))) await cluster.kill(taskId);
      return living().length === 0;
    },
    { what: () => `the end of ${living().join(', ')}`, intervalMs: 500, timeoutMs: 60_000 },
  );
  expect(ended).toBe(true);
  for (const taskId of tasks) {
    const ends = cluster.statusesOf(taskId).filter(({ state }) => terminal.has(state));
    expect(new Set(ends.map(({ uuid }) => Buffer.from(uuid).toString('hex'))).size).toBe(1);
  }

  const agent = cluster.agent?.pid ?? 0;
  await waitFor(async () => (await cluster.state()).frameworks.length === 0, { what: 'the agent to forget' });
  // What is not needed any more is removed behind the last update.
  await waitFor(async () => (await leaks()).length === 0, { what: 'nothing to be left' }).catch(
    () => undefined,
  );
  expect(await leaks()).toEqual([]);
  // Its own port, the master, the Engine's events; not one for each task that there was.
  expect(await openSockets(agent)).toBeLessThan(12);
});
