import {
  observeMetrics,
  observeNode,
  type Report,
  type ReportNode,
  removedNode,
  topologyOf,
} from '@orchestrator/report';
import { silentLogger } from '@orchestrator/runtime';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { createCollector } from '../collect/collector.ts';
import { findView } from '../view/definitions.ts';
import { createRenderer, type Renderer } from '../view/renderer.ts';
import { createLiveViews, type Follow } from './live-views.ts';

interface Frame {
  add: { id: string }[] | null;
  update: { id: string }[] | null;
  remove: string[] | null;
  reset?: boolean;
}

const { templates } = topologyOf([
  { kind: 'metric', id: 'docker_cpu_total_usage', label: 'CPU', priority: 1, format: 'percent', group: '' },
]);

/** A client's end, of which a test decides how much it has read. */
function client() {
  const frames: Frame[] = [];
  const closed: number[] = [];
  const texts: Buffer[] = [];
  return {
    ...{ frames, closed, texts, bufferedAmount: 0 },
    send(text: Buffer) {
      texts.push(text);
      frames.push(JSON.parse(text.toString()));
    },
    close: (code: number) => closed.push(code),
  };
}

function start() {
  const clock = new SimulatedClock();
  const collector = createCollector({ clock });
  let renderings = 0;
  const plain = createRenderer();
  const renderer: Renderer = {
    render(report, request) {
      renderings++;
      return plain.render(report, request);
    },
  };
  const live = createLiveViews({ collector, renderer, clock, logger: silentLogger });
  const known = new Map<string, ReportNode>();
  const say = (names: Record<string, string | undefined>, full = false) => {
    const nodes = new Map<string, ReportNode>();
    for (const [id, name] of Object.entries(names)) {
      const before = known.get(id);
      const node =
        name === undefined && before !== undefined
          ? removedNode(before, clock.nowMs())
          : observeNode(before, { latest: { docker_container_name: name } }, clock.nowMs(), 'p');
      known.set(id, node);
      nodes.set(id, node);
    }
    const report: Report = { topologies: new Map([['container', { nodes, templates: new Map() }]]) };
    collector.add({ probeId: 'p', full, report });
  };
  const measure = (id: string, value: number) => {
    const node = observeMetrics(known.get(id)!, { docker_cpu_total_usage: { value } }, clock.nowMs());
    known.set(id, node);
    const report: Report = {
      topologies: new Map([['container', { nodes: new Map([[id, node]]), templates }]]),
    };
    collector.add({ probeId: 'p', full: false, report });
  };
  collector.connect({ id: 'p', hostName: 'h', version: '1' });
  const view = findView('containers');
  if (view === undefined) throw new Error('no view');
  const follow: Follow = { request: { view, options: {}, query: '' }, withFlows: false, intervalMs: 500 };
  return { clock, live, say, measure, follow, renderings: () => renderings };
}

/** Lets messages of several turns out. */
async function pass(clock: SimulatedClock, durationMs: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await clock.run(durationMs / 20);
    await new Promise(setImmediate);
  }
}

const ids = (nodes: { id: string }[] | null | undefined) => nodes?.map(({ id }) => id).sort();

test('everything first, then what differs; what does not differ is not even looked at', async () => {
  const { clock, live, say, follow, renderings } = start();
  say({ a: 'one', b: 'two' }, true);
  const one = client();
  live.follow(one, follow);
  await pass(clock, 1_000);
  expect(one.frames).toHaveLength(1);
  expect(one.frames[0]).toMatchObject({ update: null, remove: null, reset: true });
  expect(ids(one.frames[0]?.add)).toEqual(['a', 'b']);
  const before = renderings();
  await pass(clock, 60_000);
  expect(renderings()).toBe(before);
  say({ b: 'three' });
  await pass(clock, 1_000);
  expect(one.frames[1]).toMatchObject({ add: null, update: [{ id: 'b', label: 'three' }], remove: null });
  say({ a: undefined });
  await pass(clock, 1_000);
  expect(one.frames.slice(2)).toEqual([{ add: null, update: null, remove: ['a'] }]);
});

test('what has come, gone or changed is told at once, what comes together in one message', async () => {
  const { clock, live, say, follow } = start();
  const one = client();
  live.follow(one, follow);
  await pass(clock, 2_000);
  say({ a: 'one' }, true);
  await pass(clock, 100);
  expect(ids(one.frames.at(-1)?.add)).toEqual(['a']);
  const told = one.frames.length;
  for (let index = 0; index < 10; index++) {
    say({ [`x${index}`]: 'new' });
    await pass(clock, 40);
  }
  await pass(clock, 100);
  const added = one.frames.slice(told).map(({ add }) => add?.length ?? 0);
  expect(added.reduce((sum, count) => sum + count, 0)).toBe(10);
  expect(added.length).toBeLessThanOrEqual(5);
});

test('what has been measured is told no oftener than asked for, and holds up no news', async () => {
  const { clock, live, say, measure, follow } = start();
  say({ a: 'one', b: 'two' }, true);
  measure('a', 0);
  const [one, other] = [client(), client()];
  for (const each of [one, other]) live.follow(each, follow);
  await pass(clock, 2_000);
  const told = one.frames.length;
  for (let value = 1; value <= 20; value++) {
    measure('a', value);
    if (value === 13) say({ b: 'three' });
    await pass(clock, 100);
  }
  const updates = one.frames.slice(told).map(({ update }) => update?.map(({ id }) => id).join());
  expect(updates.filter((names) => names === 'a').length).toBeLessThanOrEqual(4);
  expect(updates.filter((names) => names === 'b')).toHaveLength(1);
  await pass(clock, 500);
  expect(one.frames.at(-1)?.update).toMatchObject([{ id: 'a', metrics: [{ value: 20 }] }]);
  expect(other.texts.every((text, index) => Object.is(text, one.texts[index]))).toBe(true);
});

test('thousands of nodes come in several messages, made once for all clients', async () => {
  const { clock, live, say, follow } = start();
  say(Object.fromEntries(Array.from({ length: 1_300 }, (_, index) => [`c${index}`, `c${index}`])), true);
  const clients = Array.from({ length: 50 }, client);
  for (const one of clients) live.follow(one, follow);
  await pass(clock, 2_000);
  for (const { frames } of clients) {
    expect(frames.map(({ add }) => add?.length)).toEqual([500, 500, 300]);
    expect(frames.map(({ reset }) => reset)).toEqual([true, undefined, undefined]);
  }
  const [first, ...others] = clients;
  // The very same bytes, not equal ones.
  expect(
    others.every(({ texts }) => texts.every((text, index) => Object.is(text, first?.texts[index]))),
  ).toBe(true);
});

test('a client that does not read holds up nobody, gets the sum when it reads again, and is closed if it never does', async () => {
  const { clock, live, say, follow } = start();
  say({ a: 'one' }, true);
  const [slow, quick, stuck] = [client(), client(), client()];
  for (const one of [slow, quick, stuck]) live.follow(one, follow);
  await pass(clock, 1_000);
  slow.bufferedAmount = 10 * 2 ** 20;
  stuck.bufferedAmount = 10 * 2 ** 20;
  say({ b: 'two' });
  await pass(clock, 1_000);
  say({ c: 'three', a: undefined });
  await pass(clock, 1_000);
  expect(quick.frames).toHaveLength(4);
  expect(slow.frames).toHaveLength(1);
  slow.bufferedAmount = 0;
  await pass(clock, 2_000);
  expect(slow.frames.slice(1).map(({ add, remove }) => [ids(add), remove])).toEqual([
    [['b', 'c'], null],
    [undefined, ['a']],
  ]);
  await pass(clock, 70_000);
  expect(stuck.closed).toEqual([1013]);
  expect(live.clients).toBe(2);
});

test('a large view is told as fast as it is read', async () => {
  const { clock, live, say, follow } = start();
  say(Object.fromEntries(Array.from({ length: 1_300 }, (_, index) => [`c${index}`, `c${index}`])), true);
  const one = client();
  const send = one.send.bind(one);
  one.send = (text) => {
    send(text);
    one.bufferedAmount += 5 * 2 ** 20;
  };
  live.follow(one, follow);
  await pass(clock, 3_000);
  expect(one.frames.map(({ add }) => add?.length)).toEqual([500]);
  for (let round = 0; round < 3; round++) {
    one.bufferedAmount = 0;
    await pass(clock, 2_000);
  }
  expect(one.frames.map(({ add, reset }) => [add?.length, reset])).toEqual([
    [500, true],
    [500, undefined],
    [300, undefined],
  ]);
  expect(new Set(one.frames.flatMap(({ add }) => ids(add))).size).toBe(1_300);
});

test('who leaves is told nothing more', async () => {
  const { clock, live, say, follow } = start();
  const one = client();
  const leave = live.follow(one, follow);
  await pass(clock, 1_000);
  leave();
  expect(live.clients).toBe(0);
  say({ a: 'one' }, true);
  await pass(clock, 5_000);
  expect(one.frames).toHaveLength(1);
});
