import {
  emptyReport,
  observeMetrics,
  observeNode,
  type Report,
  type ReportNode,
  removedNode,
} from '@orchestrator/report';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { type Collector, createCollector } from './collector.ts';

const reportOf = (nodes: Record<string, ReportNode>, topology = 'container'): Report => ({
  topologies: new Map([[topology, { nodes: new Map(Object.entries(nodes)), templates: new Map() }]]),
});
const seen = (name: string, timeMs: number) => observeNode(undefined, { latest: { name } }, timeMs, 'p');
const names = (collector: Collector) =>
  [...(collector.report().topologies.get('container')?.nodes.keys() ?? [])].sort();
const identity = (id: string) => ({ id, hostName: id, version: '1' });

function start() {
  const clock = new SimulatedClock(1_000_000);
  const collector = createCollector({ clock });
  const connect = (id: string, nodes: Record<string, ReportNode>) => {
    collector.connect(identity(id));
    collector.add({ probeId: id, full: true, report: reportOf(nodes) });
  };
  return { clock, collector, connect };
}

test('nodes of many probes are one report, in which untouched nodes are the same objects', () => {
  const { clock, collector, connect } = start();
  connect('p', { a: seen('a', clock.nowMs()) });
  connect('q', { b: seen('b', clock.nowMs()) });
  const before = collector.report();
  expect(names(collector)).toEqual(['a', 'b']);
  expect(collector.report()).toBe(before);
  collector.add({ probeId: 'p', full: false, report: emptyReport });
  expect(collector.report()).toBe(before);
  collector.add({ probeId: 'p', full: false, report: reportOf({ c: seen('c', clock.nowMs()) }) });
  expect(names(collector)).toEqual(['a', 'b', 'c']);
  const node = (report: Report, id: string) => report.topologies.get('container')?.nodes.get(id);
  expect(node(collector.report(), 'b')).toBe(node(before, 'b'));
});

test('a removal takes effect at once, and older news of others do not undo it', () => {
  const { clock, collector, connect } = start();
  const a = seen('a', clock.nowMs());
  connect('p', { a });
  connect('q', { a });
  expect(names(collector)).toEqual(['a']);
  clock.advance(10);
  collector.add({ probeId: 'p', full: false, report: reportOf({ a: removedNode(a, clock.nowMs()) }) });
  expect(names(collector)).toEqual([]);
  expect(collector.ownersOf('container', 'a')).toEqual(['p', 'q']);
});

test('what a full report does not hold is gone; what it repeats keeps its identity', () => {
  const { clock, collector, connect } = start();
  const nowMs = clock.nowMs();
  connect('p', { a: seen('a', nowMs), b: seen('b', nowMs) });
  const before = collector.report().topologies.get('container')?.nodes.get('a');
  collector.add({ probeId: 'p', full: true, report: reportOf({ a: seen('a', nowMs) }) });
  expect(names(collector)).toEqual(['a']);
  expect(collector.report().topologies.get('container')?.nodes.get('a')).toBe(before);
});

test('a lost probe is shown until its window is over, and not a moment if it says so itself', () => {
  const { clock, collector, connect } = start();
  connect('p', { a: seen('a', clock.nowMs()) });
  collector.disconnect('p');
  clock.advance(14_000);
  expect(names(collector)).toEqual(['a']);
  expect(collector.probes()).toMatchObject([{ id: 'p', connected: false, nodes: 1 }]);
  clock.advance(2_000);
  expect(names(collector)).toEqual([]);
  expect(collector.probes()).toEqual([]);
});

test('a difference to what is not known is refused, so that the probe sends all', () => {
  const { clock, collector } = start();
  collector.connect(identity('p'));
  const difference = { probeId: 'p', full: false, report: reportOf({ a: seen('a', clock.nowMs()) }) };
  expect(() => collector.add(difference)).toThrow(/send a difference|sent a difference/);
});

test("times of a probe whose clock is off are moved, so that its news count like the others'", () => {
  const { clock, collector, connect } = start();
  const ahead = clock.nowMs() + 3_600_000;
  connect('p', { a: seen('early', ahead) });
  connect('q', { b: seen('b', clock.nowMs()) });
  expect(collector.probes().map((probe) => probe.clockOffsetMs)).toEqual([-3_600_000, 0]);
  expect(collector.report().topologies.get('container')?.nodes.get('a')?.bornMs).toBe(clock.nowMs());
});

test('reports without an end of their own count for a window each', () => {
  const { clock, collector } = start();
  collector.addWindowed(identity('s'), reportOf({ a: seen('a', clock.nowMs()) }));
  clock.advance(10_000);
  collector.addWindowed(identity('s'), reportOf({ b: seen('b', clock.nowMs()) }));
  expect(names(collector)).toEqual(['a', 'b']);
  clock.advance(6_000);
  expect(names(collector)).toEqual(['b']);
  clock.advance(10_000);
  expect(names(collector)).toEqual([]);
});

test('named limits are kept', () => {
  const clock = new SimulatedClock(1_000_000);
  const collector = createCollector({ clock, limits: { probes: 1, nodesPerProbe: 2, nodes: 2 } });
  collector.connect(identity('p'));
  expect(() => collector.connect(identity('q'))).toThrow(/more than 1/);
  const three = { a: seen('a', 1), b: seen('b', 1), c: seen('c', 1) };
  expect(() => collector.add({ probeId: 'p', full: true, report: reportOf(three) })).toThrow(/more than 2/);
});

test('listeners hear once of a change until the report is asked for', () => {
  const { clock, collector, connect } = start();
  let changes = 0;
  collector.onChange(() => changes++);
  connect('p', { a: seen('a', clock.nowMs()) });
  collector.add({ probeId: 'p', full: false, report: reportOf({ b: seen('b', clock.nowMs()) }) });
  expect(changes).toBe(1);
  collector.report();
  collector.add({ probeId: 'p', full: false, report: reportOf({ c: seen('c', clock.nowMs()) }) });
  expect(changes).toBe(2);
});

/** Processor time, so that it does not depend on what else the machine does. */
const cpuMs = () => process.cpuUsage().user / 1_000;

test('200 probes with 50 containers each: a tick costs what it changes', () => {
  const { clock, collector, connect } = start();
  const probes = Array.from({ length: 200 }, (_, probe) => ({
    id: `probe-${probe}`,
    nodes: Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => {
        const node = seen(`app ${index}`, clock.nowMs());
        return [`${probe}-${index};<container>`, observeMetrics(node, { cpu: { value: 1 } }, clock.nowMs())];
      }),
    ),
  }));
  const started = cpuMs();
  for (const { id, nodes } of probes) connect(id, nodes);
  expect(names(collector)).toHaveLength(10_000);
  const fullMs = cpuMs() - started;
  clock.advance(3_000);
  const deltas = probes.map(({ id, nodes }) => ({
    probeId: id,
    full: false,
    report: reportOf(
      Object.fromEntries(
        Object.entries(nodes).map(([key, node]) => [
          key,
          observeMetrics(node, { cpu: { value: 2 } }, clock.nowMs()),
        ]),
      ),
    ),
  }));
  const ticked = cpuMs();
  for (const delta of deltas) collector.add(delta);
  collector.report();
  const tickMs = cpuMs() - ticked;
  process.stderr.write(
    `collector, 200 probes x 50 containers, CPU: full ${Math.round(fullMs)} ms, every node ticked ${Math.round(tickMs)} ms\n`,
  );
  expect(tickMs).toBeLessThan(2_000);
});

test('5,000 short-lived containers leave nothing behind', () => {
  const { clock, collector, connect } = start();
  connect('p', {});
  const alive: [string, ReportNode][] = [];
  let most = 0;
  // A frame holds what happened since the one before: ten containers in an eighth of a second.
  for (let index = 0; index < 5_000; index += 10) {
    const news: Record<string, ReportNode> = {};
    for (let number = index; number < index + 10; number++) {
      const node = seen(`short ${number}`, clock.nowMs());
      news[`c${number}`] = node;
      alive.push([`c${number}`, node]);
      const old = alive.length > 20 ? alive.shift() : undefined;
      if (old !== undefined) news[old[0]] = removedNode(old[1], clock.nowMs());
    }
    collector.add({ probeId: 'p', full: false, report: reportOf(news) });
    most = Math.max(most, names(collector).length);
    clock.advance(120);
  }
  for (const [id, node] of alive) {
    collector.add({
      probeId: 'p',
      full: false,
      report: reportOf({ [id]: removedNode(node, clock.nowMs()) }),
    });
  }
  expect(most).toBeLessThanOrEqual(20);
  expect(names(collector)).toEqual([]);
  for (let round = 0; round < 4; round++) {
    clock.advance(40_000);
    collector.add({ probeId: 'p', full: false, report: reportOf({ other: seen('other', clock.nowMs()) }) });
  }
  expect(collector.probes()[0]?.nodes).toBe(1);
  expect(collector.ownersOf('container', 'c1')).toEqual([]);
});
