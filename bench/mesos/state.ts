/** What a large cluster's state costs to read, and what that does to the master meanwhile. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { program } from '../child.ts';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';
import {
  type BenchMaster,
  Program,
  startAgents,
  startFrameworks,
  startMaster,
  tasksPerAccept,
} from './cluster.ts';
import type { LoopFigures } from './loop-watch.ts';
import { readAll } from './read.ts';
import { until } from './until.ts';

interface Size {
  readonly agents: number;
  readonly tasks: number;
  /** A real master's, with one framework; undefined: not measured. */
  readonly peer: { readonly stateMs: number; readonly getTasksMs: number } | undefined;
}

const sizes: readonly Size[] = [
  { agents: 5_000, tasks: 10_000, peer: { stateMs: 150, getTasksMs: 143 } },
  { agents: 5_000, tasks: 50_000, peer: undefined },
];
const quickSize: Size = { agents: 1_000, tasks: 10_000, peer: { stateMs: 119, getTasksMs: 150 } };
const pollers = 20;

const nameOf = ({ agents, tasks }: Size) => `${agents / 1_000}kx${tasks / 1_000}k`;

async function medianMs(rounds: number, once: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  await once(); // warms up
  for (let round = 0; round < rounds; round++) samples.push(await once());
  return median(samples);
}

/** The same bytes from a server that has nothing else to do. */
async function bareServerMs(text: string, rounds: number): Promise<number> {
  const folder = await temporaryFolder('bench-state');
  try {
    const file = join(folder, 'state.json');
    await writeFile(file, text);
    const server = await Program.start('the bare server', program('bare-server.ts', file));
    const url = `http://127.0.0.1:${await server.ask<number>('port')}/`;
    const ms = await medianMs(rounds, async () => (await readAll(url)).elapsedMs);
    await server.close();
    return ms;
  } finally {
    await removeFolder(folder);
  }
}

function stringifyMs(text: string, rounds: number): Promise<number> {
  const state: unknown = JSON.parse(text);
  return medianMs(rounds, async () => {
    const startedMs = performance.now();
    JSON.stringify(state);
    return performance.now() - startedMs;
  });
}

/** All at once, each anew when it has its answer. */
async function pollMs(url: string, rounds: number): Promise<number> {
  const samples: number[] = [];
  await Promise.all(
    Array.from({ length: pollers }, async () => {
      for (let round = 0; round < rounds; round++) samples.push((await readAll(url)).elapsedMs);
    }),
  );
  return samples.reduce((sum, each) => sum + each, 0) / samples.length;
}

/** What is read, and under which name. */
const reads: readonly (readonly [key: string, path: string, options?: Parameters<typeof readAll>[1]])[] = [
  ['stateMs', '/state'],
  ['getTasksMs', '/api/v1', { call: 'GET_TASKS' }],
  ['getTasksProtobufMs', '/api/v1', { call: 'GET_TASKS', format: 'protobuf' }],
  ['getStateMs', '/api/v1', { call: 'GET_STATE' }],
  ['getStateProtobufMs', '/api/v1', { call: 'GET_STATE', format: 'protobuf' }],
  ['metricsSnapshotMs', '/metrics/snapshot'],
];

interface Watched {
  readonly master: Program;
  /** Beside it, with nothing to do. */
  readonly idle: Program;
}

/** What the readings together come to, the worst of each. */
class Loops {
  readonly worst = { blockedMs: 0, busyMs: 0, ownMs: 0, idleMs: 0 };

  async watch(
    { master, idle }: Watched,
    work: () => Promise<number>,
  ): Promise<[result: number, said: string]> {
    await Promise.all([master.ask('watch-loop'), idle.ask('watch-loop')]);
    const result = await work();
    const [loop, { blockedMs: idleMs }] = await Promise.all([
      master.ask<LoopFigures>('loop'),
      idle.ask<LoopFigures>('loop'),
    ]);
    for (const key of ['blockedMs', 'busyMs', 'ownMs'] as const) {
      this.worst[key] = Math.max(this.worst[key], loop[key]);
    }
    this.worst.idleMs = Math.max(this.worst.idleMs, idleMs);
    const [blocked, busy, own, bare] = [loop.blockedMs, loop.busyMs, loop.ownMs, idleMs].map((ms) =>
      ms.toFixed(0),
    );
    return [
      result,
      `longest turn ${blocked} ms, of its own at most ${own} ms, ${busy} ms busy; beside it ${bare} ms`,
    ];
  }
}

async function measure(
  { url, program: master }: BenchMaster,
  {
    idle,
    rounds,
    say,
  }: { readonly idle: Program; readonly rounds: number; readonly say: SuiteOptions['say'] },
): Promise<{ metrics: Record<string, number>; limits: Record<string, number> }> {
  const metrics: Record<string, number> = {};
  const loops = new Loops();
  const watched = async (what: string, work: () => Promise<number>): Promise<number> => {
    const [result, said] = await loops.watch({ master, idle }, work);
    say(`${what}: ${result.toFixed(0)} ms; ${said}`);
    return result;
  };
  for (const [key, path, options] of reads) {
    metrics[key] = await watched(key, () =>
      medianMs(rounds, () => readAll(`${url}${path}`, options).then(({ elapsedMs }) => elapsedMs)),
    );
  }
  metrics.pollersStateMs = await watched('pollersStateMs', () =>
    pollMs(`${url}/state`, Math.ceil(rounds / 3)),
  );
  const text = await (await fetch(`${url}/state`)).text();
  metrics.loopBlockedMaxMs = loops.worst.blockedMs;
  metrics.loopOwnMaxMs = loops.worst.ownMs;
  metrics.loopBusyMaxMs = loops.worst.busyMs;
  metrics.idleLoopBlockedMaxMs = loops.worst.idleMs;
  metrics.stateMb = Buffer.byteLength(text) / 1e6;
  return {
    metrics,
    limits: {
      stateOverBareServer: await bareServerMs(text, rounds),
      stateOverStringify: await stringifyMs(text, rounds),
    },
  };
}

const calmBusyMs = 10;

/** Until the master has done with what the tasks' launch has left it. */
async function isCalm(master: Program): Promise<void> {
  await until('the master to have nothing to do', async () => {
    await master.ask('watch-loop');
    await sleep(200);
    return (await master.ask<LoopFigures>('loop')).busyMs < calmBusyMs;
  });
}

async function measureAt(size: Size, { quick, say }: SuiteOptions) {
  await using master = await startMaster();
  await using fleet = await startAgents(size.agents);
  const frameworks = await startFrameworks({ count: 1, place: master.place });
  const idle = await Program.start('the idle process', program('idle-loop.ts'));
  try {
    await fleet.register(master.pid);
    await frameworks.ask(`offered ${size.agents}`);
    await frameworks.ask(`launch ${size.tasks} ${tasksPerAccept}`);
    await frameworks.ask('acknowledge');
    await isCalm(master.program);
    return await measure(master, { idle, rounds: quick ? 3 : 9, say });
  } finally {
    await idle.close();
    await frameworks.close();
  }
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const metrics: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const size of quick ? [quickSize] : sizes) {
    say(`${size.agents} agents, ${size.tasks} tasks`);
    const name = nameOf(size);
    const measured = await measureAt(size, { quick, say });
    for (const [key, value] of Object.entries(measured.metrics)) {
      metrics[key] ??= value;
      metrics[`${key}${name}`] = value;
    }
    const { stateMs = Number.NaN, getTasksMs = Number.NaN } = measured.metrics;
    for (const [key, limitMs] of Object.entries(measured.limits)) ratios[`${key}${name}`] = stateMs / limitMs;
    if (size.peer === undefined) continue;
    ratios[`stateOverPeer${name}`] = stateMs / size.peer.stateMs;
    ratios[`getTasksOverPeer${name}`] = getTasksMs / size.peer.getTasksMs;
  }
  return {
    metrics,
    ratios,
    notes: [
      'Without a size in its name: at the first size. The reader is another process and throws the answer away; medians.',
      `loopBlocked: the longest turn of the master's event loop while each of these was read, and while ${pollers} pollers read /state;`,
      'loopOwn: the same without the time in which the master neither ran nor collected garbage, as others had the cores; loopBusy: in',
      "processor time. idleLoopBlocked: the longest turn, meanwhile, of a process that does nothing: below it, nothing is the master's.",
      'The bare server sends the same bytes from memory; stringify is JSON.stringify of the same state. The peer is a real master.',
    ],
  };
}

export const state: Suite = {
  name: 'state',
  about: 'reading the state of 5,000 agents and up to 50,000 tasks, and how long that keeps the master',
  run,
};
