/** A cluster from `cluster up` to `cluster down`, with the loss of its leader in between. */
import { readdir, readFile } from 'node:fs/promises';
import { formatDuration } from '@orchestrator/cli';
import { sleep, systemClock } from '@orchestrator/runtime';
import { createTestCgroup, freePorts, temporaryFolder } from '@orchestrator/testing';
import { watchLeftovers } from '../leftovers.ts';
import { createOperator, type Operator } from '../operator.ts';
import type { PlayOptions } from '../play.ts';
import { openConsole } from './console.ts';
import { openWitness, type Witness } from './framework.ts';
import type { ClusterResult } from './result.ts';

interface ClusterStatus {
  readonly healthy: boolean;
  readonly leader: string | null;
  readonly parts: readonly {
    readonly name: string;
    readonly kind: string;
    readonly address: string;
    readonly state: string;
    readonly pid: number | null;
  }[];
}

const masters = 3;
const agents = 2;
const containers = 12;
const agentResources = 'cpus:2;mem:1024;disk:1024;ports:[31000-31099]';
/** They are watched for so long with their new leader. */
const watchMs = 3_000;
const pollMs = 50;
/** Containers whose logs are looked into. */
const logsRead = 4;

export async function playCluster(options: PlayOptions): Promise<ClusterResult> {
  const folder = await temporaryFolder('demo-cluster');
  const leftovers = watchLeftovers(folder);
  const cgroup = await createTestCgroup('demo');
  const work = `${folder}/cluster`;
  const env = { ORCHESTRATOR_WORK_DIR: work };
  const operator = createOperator({ ...options, program: 'orchestrator', env });
  // Interrupted or not: nothing stays. It ends in order above, if all goes well.
  const cleaner = createOperator({
    ...{ ...options, program: 'orchestrator', env, signal: new AbortController().signal },
    stage: { ...options.stage, command: () => undefined, output: () => undefined },
  });
  try {
    return await perform(options, operator, folder, `${cgroup.path}/containers`);
  } finally {
    await cleaner.type('cluster', 'down').catch(() => undefined); // it is down already
    await cgroup.end();
    await leftovers.remove();
  }
}

async function perform(
  { stage, signal }: PlayOptions,
  operator: Operator,
  folder: string,
  cgroup: string,
): Promise<ClusterResult> {
  const startedMs = systemClock.monotonicMs();
  stage.chapter('A cluster that speaks Mesos: three masters, two agents, one command');
  const [firstPort] = await freePorts(1);
  await operator.type(
    ...[
      'cluster',
      'up',
      `--masters=${masters}`,
      `--agents=${agents}`,
      '--detach',
      `--first-port=${firstPort}`,
    ],
    ...[`--agent-resources=${agentResources}`, `--agent-flag=--cgroups_root=${cgroup}`],
  );
  const status = () => operator.ask<ClusterStatus>('cluster', 'status', '--json');
  const before = await status();
  await operator.type('run', '--command=echo hello from container $$');
  await operator.type('explain', '--resources=cpus:64;mem:512');

  const addresses = before.parts.filter(({ kind }) => kind === 'master').map(({ address }) => address);
  const webConsole = await openConsole({ masters: addresses, workFolder: `${folder}/monitor`, signal });
  stage.say(
    `the console shows all of it at ${webConsole.url}: admin, with the password in ${webConsole.passwordFile}`,
  );
  const witness = openWitness({ masters: addresses, containers });
  try {
    await reached(() => witness.running().length === containers, signal);
    stage.say(`a framework runs ${containers} containers; each says the time every 200 ms`);
    await operator.type('tasks');
    const failover = await loseLeader({ stage, signal, operator, witness, before, addresses });
    const looked = witness.running().slice(0, logsRead);
    const silences = await Promise.all(looked.map((name) => longestSilence(operator, name)));
    const longestSilenceMs = Math.round(Math.max(...silences));
    stage.say(
      `by their logs, none of ${looked.join(', ')} was silent for longer than ${longestSilenceMs} ms`,
    );
    await operator.type('exec', 'counter-1', 'sh', '-c', 'echo still in here; cat /proc/uptime');

    stage.chapter('And down: nothing stays behind');
    await witness.close();
    await webConsole.close();
    const marked = [...before.parts, ...failover.after.parts].flatMap(({ pid }) =>
      pid === null ? [] : [pid],
    );
    await operator.type('cluster', 'down');
    const leftBehind =
      (await Promise.all([...new Set(marked)].map(isAlive))).filter(Boolean).length +
      (await inCgroup(cgroup));
    stage.say(`${leftBehind} processes are left`);
    const { electedMs, agentsBackMs, updatesAfter } = failover;
    const tasksLost = witness.losses().length;
    return {
      ok: tasksLost === 0 && leftBehind === 0 && failover.afterwards === 'TASK_FINISHED',
      ...{ masters, agents, containers, tasksLost, longestSilenceMs, updatesAfter, leftBehind },
      startP50Ms: Math.round(median(witness.startsMs)),
      electedMs: Math.round(electedMs),
      agentsBackMs: Math.round(agentsBackMs),
      durationS: Math.round((systemClock.monotonicMs() - startedMs) / 1_000),
    };
  } finally {
    await webConsole.close();
    await witness.close();
  }
}

interface Failover {
  readonly electedMs: number;
  readonly agentsBackMs: number;
  readonly updatesAfter: number;
  /** How a task ended that was launched through the new leader. */
  readonly afterwards: string;
  readonly after: ClusterStatus;
}

interface Scene extends Pick<PlayOptions, 'stage' | 'signal'> {
  readonly operator: Operator;
  readonly witness: Witness;
  readonly before: ClusterStatus;
  readonly addresses: readonly string[];
}

async function loseLeader({ stage, signal, operator, witness, before, addresses }: Scene): Promise<Failover> {
  const leader = before.parts.find(({ state }) => state === 'leading');
  if (leader?.pid === null || leader === undefined) throw new Error('no master leads');
  stage.chapter(`The leading master dies: ${leader.name}`);
  stage.command(`kill -9 ${leader.pid}`);
  const { updates, subscriptions } = witness;
  const killedMs = systemClock.monotonicMs();
  process.kill(leader.pid, 'SIGKILL');
  const others = addresses.filter((address) => address !== leader.address);
  let electedMs: number | undefined;
  for (let back = 0; back < agents; await sleep(systemClock, pollMs, signal)) {
    const counts = await Promise.all(others.map(activeAgents));
    if (counts.some((count) => count !== undefined)) electedMs ??= systemClock.monotonicMs() - killedMs;
    back = Math.max(...counts.map((count) => count ?? 0));
  }
  const agentsBackMs = systemClock.monotonicMs() - killedMs;
  stage.say(
    `another master leads after ${formatDuration(electedMs ?? 0)}, and has all agents after ${formatDuration(agentsBackMs)}`,
  );
  await reached(() => witness.connected && witness.subscriptions > subscriptions, signal);
  const afterwards = await witness.runOne('echo launched by the new leader');
  stage.say(
    `a task launched through it: ${afterwards}; ${witness.running().length} of ${containers} containers run on`,
  );
  await sleep(systemClock, watchMs, signal);
  await operator.type('cluster', 'status');
  const after = await operator.ask<ClusterStatus>('cluster', 'status', '--json');
  return {
    electedMs: electedMs ?? agentsBackMs,
    agentsBackMs,
    updatesAfter: witness.updates - updates,
    afterwards,
    after,
  };
}

/** Of a master that leads; undefined of others. */
async function activeAgents(address: string): Promise<number | undefined> {
  try {
    const answer = await fetch(`http://${address}/slaves`, { redirect: 'manual' });
    if (answer.status !== 200) return undefined;
    const { slaves } = (await answer.json()) as { slaves: { active: boolean }[] };
    return slaves.filter(({ active }) => active).length;
  } catch {
    return undefined; // nobody there yet
  }
}

async function reached(condition: () => boolean, signal: AbortSignal): Promise<void> {
  while (!condition()) await sleep(systemClock, pollMs, signal);
}

/** In the log of a task that writes the time. */
async function longestSilence(operator: Operator, name: string): Promise<number> {
  const seconds = (await operator.read('logs', name)).map(Number);
  const gaps = seconds.slice(1).map((second, index) => 1_000 * (second - (seconds[index] ?? second)));
  return Math.max(0, ...gaps);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function isAlive(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('orchestrator');
}

/** Processes of containers, in whichever hierarchy of cgroups. */
async function inCgroup(path: string): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '')));
  return lines.filter((text) => text.includes(`${path}/`)).length;
}
