/** The leader is killed: until another leads, until every agent is back, and what became of the tasks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startEnsemble, startEtcd } from '@orchestrator/testing';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';
import {
  type BenchMaster,
  type Program,
  startAgents,
  startFrameworks,
  startMaster,
  tasksPerAccept,
} from './cluster.ts';
import { until } from './until.ts';

const masterCount = 3;
/** Seconds after the kill, of a real cluster with its default session of ten seconds: the best and the worst of eight runs. */
const peer = { electedS: 8.1, allAgentsBackS: [9.1, 18.7], tasksShownS: [9.5, 19.1] } as const;
/** A hundred agents more or less say as much. */
const sizes = {
  full: { agents: 1_000, tasks: 10_000, rounds: 3 },
  quick: { agents: 200, tasks: 2_000, rounds: 1 },
} as const;

interface Summary {
  readonly slaves: readonly { readonly active: boolean }[];
  readonly frameworks: readonly { readonly TASK_RUNNING: number }[];
}

/** What the master says that leads; undefined while it does not. */
async function summaryOf({ url }: BenchMaster): Promise<Summary | undefined> {
  const answer = await fetch(`${url}/state-summary`, { redirect: 'manual' }).catch(() => undefined);
  return answer?.status === 200 ? ((await answer.json()) as Summary) : undefined;
}

/** The figures that a master has of itself; cheap, so that asking often does not slow it down. */
async function figuresOf({ url }: BenchMaster): Promise<Record<string, number>> {
  const answer = await fetch(`${url}/metrics/snapshot`).catch(() => undefined);
  return answer?.ok === true ? ((await answer.json()) as Record<string, number>) : {};
}

async function leaderOf(masters: readonly BenchMaster[]): Promise<BenchMaster | undefined> {
  for (const master of masters) if ((await figuresOf(master))['master/elected'] === 1) return master;
  return undefined;
}

const tasksOf = (summary: Summary | undefined) =>
  (summary?.frameworks ?? []).reduce((sum, { TASK_RUNNING: running }) => sum + running, 0);

interface Failover {
  readonly electedMs: number;
  readonly allAgentsBackMs: number;
  readonly tasksBackMs: number;
  /** A task that is launched right then. */
  readonly newTaskMs: number;
  readonly tasksLost: number;
}

async function failOver(
  masters: readonly BenchMaster[],
  leader: BenchMaster,
  frameworks: Program,
  size: { readonly agents: number; readonly tasks: number },
): Promise<Failover> {
  const running = tasksOf(await summaryOf(leader));
  const others = masters.filter((each) => each !== leader);
  const killedMs = performance.now();
  const since = () => performance.now() - killedMs;
  process.kill(leader.program.pid, 'SIGKILL');
  let next: BenchMaster | undefined;
  await until('another master to lead', async () => {
    next = await leaderOf(others);
    return next !== undefined;
  });
  const electedMs = since();
  await until('all agents to be back', async () => {
    return (await figuresOf(next ?? leader))['master/slaves_active'] === size.agents;
  });
  const allAgentsBackMs = since();
  let tasks = 0;
  await until('the tasks to be known again', async () => {
    tasks = (await figuresOf(next ?? leader))['master/tasks_running'] ?? 0;
    return tasks >= running || since() > allAgentsBackMs + 5_000;
  });
  const tasksBackMs = since();
  await frameworks.ask('offered 1');
  await frameworks.ask('launch 1 1');
  return { electedMs, allAgentsBackMs, tasksBackMs, newTaskMs: since(), tasksLost: running - tasks };
}

async function once(
  { agents: agentCount, tasks }: { readonly agents: number; readonly tasks: number },
  flags: readonly string[],
): Promise<Failover> {
  await using ensemble = await startEnsemble({ servers: 3, tickTimeMs: 2_000 });
  await using etcd = await startEtcd({ members: 1 });
  const zk = `zk://${ensemble.connectString}/mesos`;
  await using stack = new AsyncDisposableStack();
  const masters: BenchMaster[] = [];
  for (let index = 0; index < masterCount; index++) {
    masters.push(stack.use(await startMaster([`--zk=${zk}`, `--store=${etcd.storeUrl}`, ...flags])));
  }
  const leader = await leaderOf(masters);
  if (leader === undefined) throw new Error('no master leads');
  const fleet = stack.use(await startAgents(agentCount));
  await fleet.program.ask(`detect ${zk}`);
  await fleet.program.ask(`registered ${agentCount}`);
  const frameworks = await startFrameworks({ count: 1, place: zk });
  stack.defer(() => frameworks.close());
  await frameworks.ask(`offered ${agentCount}`);
  await frameworks.ask(`launch ${tasks} ${tasksPerAccept}`);
  await frameworks.ask('acknowledge');
  await sleep(1_000);
  // Awaited here: all of it goes when this function ends.
  return await failOver(masters, leader, frameworks, { agents: agentCount, tasks });
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const { agents, tasks, rounds } = quick ? sizes.quick : sizes.full;
  const failovers: Failover[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(
      `${masterCount} masters, ${agents} agents, ${tasks} tasks; the leader is killed, ${round} of ${rounds}`,
    );
    const failover = await once({ agents, tasks }, []);
    say(JSON.stringify(failover));
    failovers.push(failover);
  }
  const of = (key: keyof Failover) => failovers.map((each) => each[key]);
  const electedMs = median(of('electedMs'));
  const allAgentsBackMs = median(of('allAgentsBackMs'));
  return {
    metrics: {
      electedMs,
      allAgentsBackMs,
      allAgentsBackMaxMs: Math.max(...of('allAgentsBackMs')),
      tasksBackMs: median(of('tasksBackMs')),
      newTaskMs: median(of('newTaskMs')),
      tasksLost: Math.max(...of('tasksLost')),
    },
    ratios: {
      electedOverPeer: electedMs / (peer.electedS * 1000),
      allAgentsBackOverPeerBest: allAgentsBackMs / (peer.allAgentsBackS[0] * 1000),
      allAgentsBackOverPeerWorst: Math.max(...of('allAgentsBackMs')) / (peer.allAgentsBackS[1] * 1000),
    },
    notes: [
      'From the kill -9 of the leader; medians. Real ZooKeeper (three servers) and etcd; with the default --zk_session_timeout.',
      `A real cluster, 1,000 agents: elected after ${peer.electedS} to 11.6 s, all agents back after ${peer.allAgentsBackS.join(' to ')} s.`,
      'An agent waits for up to a second before it registers with a new leader, as real agents do.',
    ],
  };
}

export const failover: Suite = {
  name: 'failover',
  about: 'kill -9 of the leading master: until another leads, until all agents and tasks are back',
  run,
};
