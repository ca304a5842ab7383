import { isAlive, observeMetrics, observeNode, type Report, type ReportNode } from '@orchestrator/report';
import { expect, test } from 'vitest';
import { scopeReport } from '../../test-data/fixtures.ts';
import { openDatabase } from './database.ts';
import { createMetricHistory } from './metric-history.ts';
import { createPictureHistory } from './picture-history.ts';

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const startMs = Math.floor(Date.UTC(2026, 0, 1) / dayMs) * dayMs;

function reportWith(count: number, cpu: number, timeMs: number): Report {
  const nodes = new Map<string, ReportNode>();
  for (let index = 0; index < count; index++) {
    const node = observeNode(undefined, { latest: { docker_container_name: `c${index}` } }, timeMs, 'p');
    nodes.set(`c${index}`, observeMetrics(node, { cpu: { value: cpu } }, timeMs));
  }
  return { topologies: new Map([['container', { nodes, templates: new Map() }]]) };
}

test('metrics are kept per minute for hours and per ten minutes for days', async () => {
  const history = createMetricHistory(openDatabase(':memory:'), {
    series: 10,
    keptMs: 2 * dayMs,
    samples: 100_000,
  });
  for (let atMs = startMs; atMs <= startMs + 30 * minuteMs; atMs += 15_000) {
    await history.take(reportWith(1, (atMs / 15_000) % 4, atMs), atMs);
  }
  const recent = history.read('c0', 'cpu', startMs, startMs + hourMs);
  expect(recent.resolutionMs).toBe(minuteMs);
  expect(recent.points).toHaveLength(30);
  expect(recent.points[0]).toEqual({ atMs: startMs, mean: 1.5, min: 0, max: 3 });
  const laterMs = startMs + dayMs;
  await history.take(reportWith(1, 9, laterMs), laterMs);
  await history.take(reportWith(1, 9, laterMs + 10 * minuteMs), laterMs + 10 * minuteMs);
  const old = history.read('c0', 'cpu', startMs, startMs + hourMs);
  expect(old.resolutionMs).toBe(10 * minuteMs);
  expect(old.points.map(({ mean }) => mean)).toEqual([1.5, 1.5, 1.5, 0]);
  expect(history.read('nobody', 'cpu', startMs, laterMs).points).toEqual([]);
});

test('series and samples have limits', async () => {
  const database = openDatabase(':memory:');
  const history = createMetricHistory(database, { series: 3, keptMs: dayMs, samples: 40 });
  for (let atMs = startMs; atMs <= startMs + hourMs; atMs += minuteMs) {
    await history.take(reportWith(10, 1, atMs), atMs);
  }
  expect(database.prepare('SELECT count(*) AS count FROM series').get()?.count).toBeLessThanOrEqual(3);
  expect(Number(database.prepare('SELECT count(*) AS count FROM samples').get()?.count)).toBeLessThanOrEqual(
    70,
  );
});

test('a picture gives back what was there', async () => {
  const pictures = createPictureHistory(openDatabase(':memory:'), { keptMs: 14 * dayMs, bytes: 2 ** 30 });
  const report = scopeReport();
  await pictures.take(report, startMs);
  await pictures.take(reportWith(1_200, 1, startMs), startMs + minuteMs);
  const past = await pictures.at(startMs + 30_000);
  for (const [name, { nodes, templates }] of report.topologies) {
    const topology = past?.topologies.get(name);
    expect([...(topology?.nodes.keys() ?? [])].sort()).toEqual([...nodes.keys()].sort());
    expect(topology?.templates.size ?? 0).toBe(templates.size);
    expect([...(topology?.nodes.values() ?? [])].every(isAlive)).toBe(true);
  }
  const later = await pictures.at(startMs + hourMs);
  expect(later?.topologies.get('container')?.nodes.size).toBe(1_200);
  expect(await pictures.at(startMs - 1)).toBeUndefined();
});

test('pictures thin out with age, and have a limit', async () => {
  const pictures = createPictureHistory(openDatabase(':memory:'), { keptMs: 2 * dayMs, bytes: 2 ** 30 });
  for (let minute = 0; minute <= 180; minute++) {
    await pictures.take(reportWith(1, minute, startMs), startMs + minute * minuteMs);
  }
  const times = pictures.times(startMs, startMs + dayMs);
  expect(times.filter((atMs) => atMs <= startMs + 110 * minuteMs).length).toBeLessThan(25);
  expect(times.filter((atMs) => atMs > startMs + 121 * minuteMs)).toHaveLength(59);
  const small = createPictureHistory(openDatabase(':memory:'), { keptMs: dayMs, bytes: 20_000 });
  for (let minute = 0; minute < 30; minute++) {
    await small.take(reportWith(100, minute, startMs + minute), startMs + minute * minuteMs);
  }
  expect(small.times(startMs, startMs + hourMs).length).toBeLessThan(30);
  expect(await small.at(startMs + hourMs)).toBeDefined();
});
