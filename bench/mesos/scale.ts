/** A large cluster at rest: memory, processor time; and how fast its agents register. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import {
  type BenchMaster,
  type Program,
  startAgents,
  startFrameworks,
  startMaster,
  tasksPerAccept,
} from './cluster.ts';

/** A real master's at 10,000 agents; with a tenth of the tasks. */
const peer = { rssMb: 1_336, registeredPerS: 2_012 } as const;
const full = { agents: 10_000, tasks: 100_000, restMs: 60_000 } as const;
const quickSize = { agents: 1_000, tasks: 10_000, restMs: 15_000 } as const;
/** Launched at once, then acknowledged: agents repeat what nobody acknowledges, and a flood of that is another suite's. */
const tasksAtOnce = 10_000;
/** Until what a burst has left behind is collected. */
const settleMs = 20_000;

/** Per cent of one core. */
async function idlePercent({ program }: BenchMaster, restMs: number): Promise<number> {
  const [beforeMs, startedMs] = [program.cpuMs, performance.now()];
  await sleep(restMs);
  return ((program.cpuMs - beforeMs) / (performance.now() - startedMs)) * 100;
}

/** How long the launches took together. */
async function launchAll(frameworks: Program, tasks: number): Promise<number> {
  let launchMs = 0;
  for (let left = tasks; left > 0; left -= tasksAtOnce) {
    const count = Math.min(left, tasksAtOnce);
    launchMs += (await frameworks.ask<{ elapsedMs: number }>(`launch ${count} ${tasksPerAccept}`)).elapsedMs;
    await frameworks.ask('acknowledge');
  }
  return launchMs;
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const { agents, tasks, restMs } = quick ? quickSize : full;
  await using master = await startMaster();
  say(`${agents} agents register`);
  await using fleet = await startAgents(agents);
  const emptyMb = master.program.rssMb;
  const beforeMs = master.program.cpuMs;
  const registerMs = await fleet.register(master.pid);
  const cpuMsPerAgent = (master.program.cpuMs - beforeMs) / agents;
  const agentsOnlyMb = master.program.rssMb;
  const frameworks = await startFrameworks({ count: 1, place: master.place });
  try {
    await frameworks.ask(`offered ${agents}`);
    say(`${tasks} tasks`);
    const launchMs = await launchAll(frameworks, tasks);
    const peakMb = master.program.rssMb;
    say(`at rest for ${restMs / 1000} s`);
    await sleep(settleMs);
    const idleCpuPercent = await idlePercent(master, restMs);
    const { rssMb } = master.program;
    return {
      metrics: {
        ...{ rssMb, idleCpuPercent, registerMs },
        ...{ peakRssMb: peakMb, agentsOnlyRssMb: agentsOnlyMb, emptyRssMb: emptyMb },
        registeredPerS: (agents / registerMs) * 1000,
        registerCpuMsPerAgent: cpuMsPerAgent,
        launchesPerS: (tasks / launchMs) * 1000,
      },
      ratios: quick
        ? {}
        : {
            rssOverPeer: rssMb / peer.rssMb,
            registeredOverPeer: agents / (registerMs / 1000) / peer.registeredPerS,
          },
      notes: [
        `${agents} agents and ${tasks} tasks of one framework, all acknowledged. The peer, a real master, had a tenth of the tasks.`,
        'At rest nothing happens but a ping of each agent every 15 s; per cent of one core.',
        'Agents share the cores with the master and are most of the work of registering: registerCpuMsPerAgent is the master alone.',
      ],
    };
  } finally {
    await frameworks.close();
  }
}

export const scale: Suite = {
  name: 'scale',
  about: '10,000 agents and 100,000 tasks: memory, processor time at rest, registration',
  run,
};
