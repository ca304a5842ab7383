/** From agents that register to tasks that run, against what a real master was measured to do. */
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import {
  type BenchMaster,
  type Program,
  startAgents,
  startFrameworks,
  startMaster,
  tasksPerAccept,
} from './cluster.ts';
import type { Percentiles } from './frameworks.ts';

interface Size {
  readonly agents: number;
  readonly frameworks: number;
  /** A real master's launches per second, and its milliseconds of processor time for each. */
  readonly peer: { readonly launchesPerS: number; readonly cpuMs: number };
}

/** What the peer did with JSON, ten tasks an ACCEPT and 10,000 tasks, on a machine like this one. */
const sizes: readonly Size[] = [
  { agents: 1_000, frameworks: 1, peer: { launchesPerS: 3_513, cpuMs: 0.57 } },
  { agents: 1_000, frameworks: 10, peer: { launchesPerS: 3_223, cpuMs: 0.64 } },
  { agents: 1_000, frameworks: 50, peer: { launchesPerS: 2_693, cpuMs: 0.6 } },
  { agents: 5_000, frameworks: 1, peer: { launchesPerS: 3_400, cpuMs: 0.63 } },
  { agents: 5_000, frameworks: 10, peer: { launchesPerS: 2_738, cpuMs: 0.75 } },
  { agents: 5_000, frameworks: 50, peer: { launchesPerS: 2_445, cpuMs: 0.79 } },
];
/** Of the peer, with as many launches under way. */
const inFlight = 20;
const peerAcceptToRunningP99Ms = 38;
const peerReviveMs: Readonly<Record<number, number>> = { 1000: 72, 5000: 406 };

const nameOf = ({ agents, frameworks }: Size) => `${agents / 1_000}kx${frameworks}`;

interface Burst {
  readonly launchesPerS: number;
  readonly acksPerS: number;
  readonly registeredPerS: number;
  readonly cpuMs: number;
}

/** Frameworks first, so that the agents that come are shared out among all of them. */
async function withCluster<Result>(
  { agents, frameworks: count }: Size,
  use: (cluster: { master: BenchMaster; frameworks: Program; registeredMs: number }) => Promise<Result>,
): Promise<Result> {
  await using master = await startMaster();
  await using fleet = await startAgents(agents);
  const frameworks = await startFrameworks({ count, place: master.place });
  try {
    const registeredMs = await fleet.register(master.pid);
    await frameworks.ask(`offered ${agents}`);
    return await use({ master, frameworks, registeredMs });
  } finally {
    await frameworks.close();
  }
}

const burstAt = (size: Size, tasks: number): Promise<Burst> =>
  withCluster(size, async ({ master, frameworks, registeredMs }) => {
    const beforeMs = master.program.cpuMs;
    const launched = await frameworks.ask<{ elapsedMs: number }>(`launch ${tasks} ${tasksPerAccept}`);
    const cpuMs = (master.program.cpuMs - beforeMs) / tasks;
    const acknowledged = await frameworks.ask<{ elapsedMs: number }>('acknowledge');
    return {
      launchesPerS: (tasks / launched.elapsedMs) * 1000,
      acksPerS: (tasks / acknowledged.elapsedMs) * 1000,
      registeredPerS: (size.agents / registeredMs) * 1000,
      cpuMs,
    };
  });

interface Latencies {
  readonly acceptToRunning: Percentiles;
  readonly offer: Percentiles;
  readonly revive: Percentiles;
}

const latenciesAt = (size: Size, launches: number): Promise<Latencies> =>
  withCluster(size, async ({ frameworks }) => {
    const acceptToRunning = await frameworks.ask<Percentiles>(`closed-loop ${launches} ${inFlight}`);
    await frameworks.ask(`offered ${size.agents}`);
    const offer = await frameworks.ask<Percentiles>('filters-expire');
    await frameworks.ask(`offered ${size.agents}`);
    const revive = await frameworks.ask<Percentiles>(`revive ${size.agents}`);
    return { acceptToRunning, offer, revive };
  });

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const tasks = quick ? 2_000 : 10_000;
  const metrics: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const size of quick ? sizes.filter(({ agents }) => agents === 1_000) : sizes) {
    const name = nameOf(size);
    say(`${size.agents} agents, ${size.frameworks} frameworks, ${tasks} tasks at once`);
    const { launchesPerS, acksPerS, registeredPerS, cpuMs } = await burstAt(size, tasks);
    metrics[`launchesPerS${name}`] = launchesPerS;
    metrics[`acksPerS${name}`] = acksPerS;
    metrics[`registeredPerS${name}`] = registeredPerS;
    metrics[`masterCpuMsPerLaunch${name}`] = cpuMs;
    ratios[`launchesOverPeer${name}`] = launchesPerS / size.peer.launchesPerS;
    ratios[`cpuOverPeer${name}`] = cpuMs / size.peer.cpuMs;
  }
  for (const size of sizes.filter(
    ({ agents, frameworks }) => frameworks === 1 && !(quick && agents > 1_000),
  )) {
    const name = nameOf(size);
    say(`${size.agents} agents: ${inFlight} launches under way, filters that expire, REVIVE`);
    const { acceptToRunning, offer, revive } = await latenciesAt(size, quick ? 500 : 3_000);
    metrics[`acceptToRunningP50Ms${name}`] = acceptToRunning.p50Ms;
    metrics[`acceptToRunningP99Ms${name}`] = acceptToRunning.p99Ms;
    metrics[`offerP99Ms${name}`] = offer.p99Ms;
    metrics[`reviveMs${name}`] = revive.maxMs;
    ratios[`acceptToRunningOverPeer${name}`] = acceptToRunning.p99Ms / peerAcceptToRunningP99Ms;
    ratios[`reviveOverPeer${name}`] = revive.maxMs / (peerReviveMs[size.agents] ?? 1);
  }
  return {
    metrics: { ...headline(metrics), ...metrics },
    ratios,
    notes: [
      'Agents and frameworks share the cores with the master, so masterCpuMsPerLaunch is the fair figure, and launches per second the machine.',
      'The peer is a real master on a machine like this one, with the same load; its filters are looked at once a second.',
      `acceptToRunning: ${inFlight} launches under way at any time, one task each; offer: from the end of a filter; revive: until the last offer.`,
    ],
  };
}

/** Without a size in their names: at 1,000 agents and one framework. */
function headline(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const keys = ['launchesPerS', 'acceptToRunningP99Ms', 'offerP99Ms', 'masterCpuMsPerLaunch'];
  return Object.fromEntries(keys.map((key) => [key, metrics[`${key}1kx1`] ?? Number.NaN]));
}

export const launch: Suite = {
  name: 'launch',
  about: 'a master with thousands of simulated agents: launches, their latency and cost, offers',
  run,
};
