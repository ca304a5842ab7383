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

async function measure(
  { url, program: master }: BenchMaster,
  { rounds, say }: { readonly rounds: number; readonly say: SuiteOptions['say'] },
): Promise<{ metrics: Record<string, number>; limits: Record<string, number> }> {
  const metrics: Record<string, number> = { loopBlockedMaxMs: 0, loopBusyMaxMs: 0 };
  const watched = async (what: string, work: () => Promise<number>): Promise<number> => {
    await master.ask('watch-loop');
    const result = await work();
    const { blockedMs, busyMs } = await master.ask<LoopFigures>('loop');
    say(
      `${what}: ${result.toFixed(0)} ms; longest turn ${blockedMs.toFixed(0)} ms, ${busyMs.toFixed(0)} ms busy`,
    );
    metrics.loopBlockedMaxMs = Math.max(metrics.loopBlockedMaxMs ?? 0, blockedMs);
    metrics.loopBusyMaxMs = Math.max(metrics.loopBusyMaxMs ?? 0, busyMs);
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
  try {
    await fleet.register(master.pid);
    await frameworks.ask(`offered ${size.agents}`);
    await frameworks.ask(`launch ${size.tasks} ${tasksPerAccept}`);
    await frameworks.ask('acknowledge');
    await isCalm(master.program);
    return await measure(master, { rounds: quick ? 3 : 9, say });
  } finally {
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
      'loopBusy: the same in processor time, without what other processes took of the machine.',
      'The bare server sends the same bytes from memory; stringify is JSON.stringify of the same state. The peer is a real master.',
    ],
  };
}

export const state: Suite = {
  name: 'state',
  about: 'reading the state of 5,000 agents and up to 50,000 tasks, and how long that keeps the master',
  run,
};
