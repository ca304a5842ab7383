import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyNode, mergeNodes, type ReportNode } from './node.ts';
import { diffReports, emptyReport, mergeReports, pruneReport, type Report } from './report.ts';
import { decodeReport, encodeReport } from './wire/frame.ts';

/** Few keys, times and values, so that reports collide as much as they can. */
const key = fc.constantFrom('a', 'b', 'c');
const timeMs = fc.integer({ min: 1, max: 6 });
const leaves = <Value>(value: fc.Arbitrary<Value>) =>
  fc
    .array(fc.tuple(key, fc.record({ timeMs, value: fc.option(value, { nil: undefined }) })), {
      maxLength: 3,
    })
    .map((entries) => new Map(entries));
const groups = <Value>(value: fc.Arbitrary<Value>) =>
  fc
    .array(fc.tuple(key, leaves(value)), { maxLength: 2 })
    .map((entries) => new Map(entries.filter(([, group]) => group.size > 0)));
const number = fc.integer({ min: 0, max: 3 });
const metric = fc
  .record({
    samples: fc.array(fc.tuple(timeMs, number), { maxLength: 4 }),
    range: fc.record({ timeMs, min: number, max: fc.constantFrom(Number.NaN, 1, 2) }),
  })
  .map(({ samples, range }) => {
    const ordered = [...new Map(samples)].sort(([a], [b]) => a - b);
    return { timesMs: ordered.map(([at]) => at), values: ordered.map(([, value]) => value), range };
  });
const node: fc.Arbitrary<ReportNode> = fc
  .record({
    bornMs: fc.integer({ min: 0, max: 6 }),
    removedMs: fc.integer({ min: 0, max: 6 }),
    latest: leaves(fc.constantFrom('x', 'y')),
    sets: groups(fc.constant(true as const)),
    parents: groups(fc.constant(true as const)),
    controls: leaves(fc.constant(true as const)),
    counters: groups(number).map(
      (all) =>
        new Map(
          [...all].map(([name, counts]) => [
            name,
            new Map([...counts].map(([writer, leaf]) => [writer, { ...leaf, value: leaf.value ?? 0 }])),
          ]),
        ),
    ),
    edges: leaves(
      fc.record({
        connections: number,
        opened: number,
        sentBytesPerS: number,
        receivedBytesPerS: number,
      }),
    ),
    metrics: fc.array(fc.tuple(key, metric), { maxLength: 2 }).map((entries) => new Map(entries)),
  })
  .map((raw) => mergeNodes(emptyNode, raw));
const report: fc.Arbitrary<Report> = fc
  .array(fc.tuple(key, fc.array(fc.tuple(key, node), { maxLength: 3 })), { maxLength: 3 })
  .map((topologies) => ({
    topologies: new Map(
      topologies.map(([name, nodes]) => [name, { nodes: new Map(nodes), templates: new Map() }]),
    ),
  }));

describe('merging reports', () => {
  it('gives the same in any order', () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        expect(mergeReports(a, b)).toEqual(mergeReports(b, a));
      }),
    );
  });

  it('gives the same in any grouping', () => {
    fc.assert(
      fc.property(report, report, report, (a, b, c) => {
        expect(mergeReports(mergeReports(a, b), c)).toEqual(mergeReports(a, mergeReports(b, c)));
      }),
    );
  });

  it('changes nothing when it is repeated, and says so by identity', () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        const merged = mergeReports(a, b);
        expect(mergeReports(merged, b)).toBe(merged);
        expect(mergeReports(merged, a)).toBe(merged);
      }),
    );
  });

  it('needs the difference only', () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        expect(mergeReports(a, diffReports(a, b))).toEqual(mergeReports(a, b));
      }),
    );
  });

  it('has no difference to what it has merged already', () => {
    fc.assert(
      fc.property(report, report, (a, b) => {
        const merged = mergeReports(a, b);
        expect(diffReports(merged, b)).toBe(emptyReport);
        expect(diffReports(merged, { topologies: new Map(merged.topologies) })).toBe(emptyReport);
      }),
    );
  });

  it('does not change when written and read', () => {
    fc.assert(
      fc.property(report, (a) => {
        const frame = { probeId: 'p', full: true, report: a };
        expect(decodeReport(encodeReport(frame))).toEqual(frame);
      }),
    );
  });

  it('forgets removals that are old enough', () => {
    fc.assert(
      fc.property(report, (a) => {
        const pruned = pruneReport(a, 4);
        for (const topology of pruned.topologies.values()) {
          for (const { latest } of topology.nodes.values()) {
            for (const leaf of latest.values()) expect(leaf.value ?? leaf.timeMs >= 4).toBeTruthy();
          }
        }
        expect(pruneReport(pruned, 4)).toBe(pruned);
      }),
    );
  });
});
