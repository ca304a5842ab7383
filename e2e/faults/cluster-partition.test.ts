/**
 * A cluster with each of its parts on a host of its own, and packets that vanish between two of them: whoever is cut from
 * whom, each task runs once, and its framework hears how it ended.
 */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createNetwork,
  type Ensemble,
  type ExposedPort,
  type Network,
  removeFolder,
  type ServerProcess,
  startEnsemble,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { programPath } from '../program.ts';
import { pause } from './stage.ts';

const masters = ['m1', 'm2'] as const;
type MasterName = (typeof masters)[number];
const pingTimeoutMs = 500;
const mostPings = 4;
const awayMs = pingTimeoutMs * mostPings;

let network: Network;
let ensemble: Ensemble;
let folder: string;
let zk: string;
const doors = new Map<MasterName, ExposedPort>();
const processes: ServerProcess[] = [];

async function run(
  host: string,
  name: string,
  args: readonly string[],
  command: string = programPath('orchestrator'),
): Promise<ServerProcess> {
  const { wrapper } = network.host(host);
  const started = await startProcess({ command, wrapper, logFile: join(folder, `${name}.log`), args });
  processes.push(started);
  return started;
}

/** Ends as a supervisor would have it: started again. */
async function supervise(host: string, name: string, args: readonly string[]): Promise<void> {
  const started = await run(host, name, args);
  started.exit.then(() => {
    if (!isOver) void supervise(host, name, args);
  });
}
let isOver = false;

/** @returns what masters are told of it */
async function startStore(): Promise<string> {
  const place = `${network.host('etcd').address}:2379`;
  const urls = [`--listen-client-urls=http://${place}`, `--advertise-client-urls=http://${place}`];
  await run('etcd', 'etcd', [`--data-dir=${folder}/etcd`, ...urls], 'etcd');
  return `etcd://${place}`;
}

beforeAll(async () => {
  [network, folder] = await Promise.all([
    createNetwork(['zk', 'etcd', 'm1', 'm2', 'agent', 'framework']),
    temporaryFolder('cluster-partition'),
  ]);
  ensemble = await startEnsemble({ servers: 1, hosts: [network.host('zk')] });
  zk = `zk://${ensemble.connectString}/mesos`;
  const store = await startStore();
  for (const name of masters) {
    await supervise(name, name, [
      ...['master', `--ip=${network.host(name).address}`, '--port=5050', `--zk=${zk}`, '--quorum=2'],
      ...[`--work_dir=${folder}/${name}`, `--store=${store}`, '--zk_session_timeout=4secs'],
      ...[`--agent_ping_timeout=${pingTimeoutMs}ms`, `--max_agent_ping_timeouts=${mostPings}`],
      '--no-hostname_lookup',
    ]);
    doors.set(name, await network.expose(name, 5050));
  }
  await supervise('agent', 'agent', [
    ...[
      'agent',
      `--ip=${network.host('agent').address}`,
      '--port=5051',
      `--master=${zk}`,
      '--hostname=agent',
    ],
    ...[`--work_dir=${folder}/agent`, '--containerizers=process', '--resources=cpus:4;mem:2048;disk:1000'],
    '--registration_backoff_factor=100ms',
  ]);
  await waitFor(async () => (await active()) === 1, { what: 'the agent to be there' });
});

afterAll(async () => {
  isOver = true;
  for (const each of processes) each.signal('SIGKILL');
  await Promise.all(processes.map(({ exit }) => exit));
  await network?.close();
  await ensemble?.close();
  await removeFolder(folder);
});

interface Summary {
  slaves: { active: boolean }[];
}

async function summaryOf(name: MasterName): Promise<Summary | undefined> {
  const door = doors.get(name);
  const options = { redirect: 'manual', signal: AbortSignal.timeout(5_000) } as const;
  const answer = await fetch(`http://${door?.host}:${door?.port}/state-summary`, options).catch(
    () => undefined,
  );
  return answer?.status === 200 ? ((await answer.json()) as Summary) : undefined;
}

async function leader(): Promise<MasterName> {
  const lead = async () => {
    const answers = await Promise.all(masters.map(summaryOf));
    return answers.filter((each) => each !== undefined).length === 1
      ? masters[answers.findIndex((each) => each !== undefined)]
      : undefined;
  };
  return await waitFor(lead, { what: 'one master to lead' });
}

const other = (name: MasterName): MasterName => (name === 'm1' ? 'm2' : 'm1');

/** Agents that the leader offers. */
async function active(): Promise<number> {
  const summary = await summaryOf(await leader());
  return summary?.slaves.filter((agent) => agent.active).length ?? 0;
}

interface Task {
  process: ServerProcess;
  /** How often it was begun. */
  starts(): Promise<number>;
  /** Lets it end, and resolves to how its framework ended. */
  finish(): Promise<string | undefined>;
}

let count = 0;
/** `orchestrator run` as the framework: it ends with the exit code of the task once it has heard of it. */
async function launch(): Promise<Task> {
  const name = `task-${++count}`;
  const [begun, go] = [join(folder, `${name}.begun`), join(folder, `${name}.go`)];
  const command = `echo x >>${begun}; until [ -e ${go} ]; do sleep 0.05; done; exit 7`;
  const args = ['run', `--master=${zk}`, `--name=${name}`, `--command=${command}`];
  const process = await run('framework', name, args);
  const starts = async () => (await readFile(begun, 'utf8').catch(() => '')).split('x').length - 1;
  await waitFor(async () => (await starts()) === 1, { what: `${name} to run` });
  const log = () => readFileSync(join(folder, `${name}.log`), 'utf8');
  await waitFor(() => log().includes(' runs'), { what: `${name} to be told of` });
  return {
    ...{ process, starts },
    async finish() {
      await writeFile(go, '');
      await waitFor(() => process.ended, { what: () => `the end of ${name}, which says: ${log()}` });
      expect(await starts(), 'how often it was begun').toBe(1);
      return process.ended;
    },
  };
}

test.each([
  ['the framework', 'framework'],
  ['ZooKeeper', 'zk'],
  ['the store', 'etcd'],
  ['the other master', 'standby'],
])('the leader and %s, each seen by all others: the task goes on, its end is heard of', async (_, far) => {
  const task = await launch();
  const before = await leader();
  await network.cut(before, far === 'standby' ? other(before) : far);
  if (far === 'zk') {
    await waitFor(async () => (await leader()) !== before, { what: 'another leader' });
    await waitFor(async () => (await active()) === 1, { what: 'the agent at the next leader' });
  } else await pause(awayMs);
  expect(task.process.ended).toBeUndefined();
  await network.heal();
  expect(await task.finish()).toBe('exit code 7');
});

test('the leader and the agent: it counts as away, and is back with its task', async () => {
  const task = await launch();
  await network.cut(await leader(), 'agent');
  await waitFor(async () => (await active()) === 0, { what: 'the agent to count as away' });
  await network.heal();
  await waitFor(async () => (await active()) === 1, { what: 'the agent to be back' });
  expect(await task.finish()).toBe('exit code 7');
});

test('the agent and ZooKeeper, and then the framework and ZooKeeper: who is connected stays so', async () => {
  const task = await launch();
  for (const name of ['agent', 'framework']) await network.cut(name, 'zk');
  await pause(2 * awayMs);
  expect(await active()).toBe(1);
  expect(await task.finish(), 'while they are cut').toBe('exit code 7');
  await network.heal();
});

test('the leader and everybody: the other one leads, and everything is there', async () => {
  const task = await launch();
  const before = await leader();
  await network.isolate(before);
  await waitFor(async () => (await leader()) === other(before), { what: 'the other one to lead' });
  await waitFor(async () => (await active()) === 1, { what: 'the agent at the next leader' });
  expect(await task.finish()).toBe('exit code 7');
  await network.heal();
  expect(await leader(), 'afterwards').toBe(other(before));
});
