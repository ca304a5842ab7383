import { expect, test } from 'vitest';
import type { MigrationRecord } from '../journal/record.ts';
import { initialState } from '../phases/machine.ts';
import { reportToHtml } from './html.ts';
import { reportToMarkdown } from './markdown.ts';
import { buildReport, type ReportFacts } from './model.ts';
import { niceCeiling } from './plot.ts';

const timing = (phase: number, step: string, startedMs: number, endedMs: number, attempt = 1) => ({
  phase,
  step,
  mode: 'run' as const,
  attempt,
  startedMs,
  endedMs,
  outcome: 'done' as const,
});

const record = {
  id: 'abc123',
  name: 'prod-<zk>',
  config: { sync: { lag_threshold_ms: 100 } },
  plan: { phases: [{ number: 1, name: 'deploy', steps: [] }] },
  state: {
    ...initialState,
    status: 'completed',
    phase: 6,
    startedMs: 1_000,
    completedMs: 91_000,
    timings: [
      timing(1, 'preflight', 1_000, 2_500),
      timing(1, 'seed target', 2_500, 3_000),
      timing(1, 'seed target', 3_000, 9_000, 2),
    ],
  },
} as unknown as MigrationRecord;

const facts: ReportFacts = {
  source: 'a:2181',
  target: 'b:2181',
  baseline: { samples: 200, p50Ms: 0.4, p99Ms: 2 },
  performance: { samples: 200, p50Ms: 0.3, p99Ms: 1 },
  seed: { nodes: 20_000, bytes: 3_400_000 },
  notCarried: [{ setting: 'ssl.keyStore.location', why: 'a file of the source' }],
  verify: {
    startedMs: 80_000,
    durationMs: 800,
    nodes: { source: 20_012, target: 20_012 },
    checksum: { source: 'c0ffee', target: 'c0ffee' },
    differenceCount: 0,
    differences: [],
    expected: [],
  },
  archive: { file: '/var/archive/x.zkarchive', bytes: 1_234_567 },
  leftBehind: null,
  checks: [
    {
      title: 'preflight',
      timeMs: 1_000,
      results: [
        { check: 'quorum', status: 'ok', found: '3 of 3', remedy: null },
        { check: 'clock', status: 'warn', found: '700 ms', remedy: 'run NTP' },
      ],
    },
  ],
  samples: Array.from({ length: 300 }, (_, n) => ({
    timeMs: 10_000 + n * 250,
    lagMs: n === 200 ? 140 : 4 + 3 * Math.sin(n / 9),
    lagP50Ms: n === 0 ? null : 2,
    appliedPerS: 900 + 200 * Math.sin(n / 20),
    backlog: 3,
  })),
  ledger: [{ path: '/c', what: 'container node', why: 'the target is 3.4 <script>', recordedMs: 1 }],
  conflicts: [{ path: '/x|y', timeMs: 50_000, decision: 'source', reason: 'later by 12 ms' }],
  conflictCount: 1,
  audit: { intact: true, entries: 42, findings: [], headHash: 'f00d' },
};

const report = buildReport(record, facts, 100_000);

test('figures: last attempts, percentiles, duration', () => {
  expect(report.durationMs).toBe(90_000);
  expect(report.lag).toMatchObject({ p50Ms: 2, maxMs: 140 });
  expect(report.phases[0]).toMatchObject({ number: 1, durationMs: 8_000 });
  expect(report.phases[0]?.steps).toMatchObject([
    { step: 'preflight', attempts: 1, durationMs: 1_500 },
    { step: 'seed target', attempts: 2, durationMs: 6_000 },
  ]);
});

test('Markdown tells the same and cannot break its tables', () => {
  const markdown = reportToMarkdown(report);
  expect(markdown).toContain('| Differences | 0 |');
  expect(markdown).toContain('| /x\\|y |');
  expect(markdown).toContain('ssl.keyStore.location');
  expect(markdown).toContain('/var/archive/x.zkarchive (1.2 MiB, encrypted)');
});

test('HTML is whole, needs nothing from elsewhere, and shows text as text', () => {
  const html = reportToHtml(report);
  expect(html).not.toMatch(/<script|https?:\/\/|url\(/);
  expect(html).toContain('prod-&lt;zk&gt;');
  expect(html).toContain('threshold 100 ms');
  expect(html.match(/<polyline/g)).toHaveLength(2);
  expect(html.match(/<section/g)).toHaveLength(html.match(/<\/section/g)!.length);
});

test('a migration that has not begun has a report too', () => {
  const none = {
    ...facts,
    samples: [],
    verify: null,
    seed: null,
    baseline: null,
    performance: null,
    archive: null,
  };
  const planned = { ...record, state: initialState };
  const early = buildReport(planned, none, 2);
  expect(reportToHtml(early)).toContain('nothing was measured yet');
  expect(reportToMarkdown(early)).toContain('Planned, not begun');
});

test.each([
  [0, 1],
  [0.3, 0.5],
  [7, 10],
  [10, 10],
  [130, 200],
  [4_999, 5_000],
])('the axis for %d ends at %d', (value, top) => {
  expect(niceCeiling(value)).toBeCloseTo(top);
});
