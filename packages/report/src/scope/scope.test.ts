import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../node.ts';
import { removedNode } from '../observe.ts';
import { mergeReports } from '../report.ts';
import { fromScopeReport } from './from-scope.ts';
import { toScopeReport } from './to-scope.ts';

const nowMs = Date.UTC(2026, 10, 23, 6);
const read = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../test-data/${name}.json`, import.meta.url), 'utf8'));

/** Scope's times have nanoseconds; ours end at milliseconds. */
const toMillis = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value).replace(
      /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z"/g,
      (_, second, fraction) => {
        return `"${second}.${(fraction ?? '').padEnd(3, '0').slice(0, 3)}Z"`;
      },
    ),
  );

interface ScopeTopology {
  nodes: Record<string, { latest: Record<string, { timestamp: string; value: string }> }>;
}

describe("Scope's report", () => {
  const scope = read('scope-report');
  const report = fromScopeReport(scope, nowMs);
  const back = toScopeReport(report, { nowMs, id: 'x' });

  it.each(['Container', 'ContainerImage', 'Endpoint', 'Host', 'Process'])(
    '%s is the same there and back',
    (member) => {
      const before = toMillis(scope[member]) as ScopeTopology;
      for (const node of Object.values(before.nodes)) {
        // What it lists as a text is leaves here, whose order is free.
        const controls = node.latest?.active_controls;
        if (controls !== undefined) expect(controls.value).not.toBe('');
      }
      expect(toMillis(back[member])).toEqual(before);
    },
  );

  it('has names and edges', () => {
    expect(report.topologies.get('dns')?.nodes.get('127.0.0.1')?.sets.get('reverse')?.has('localhost')).toBe(
      true,
    );
    expect(back.DNS).toEqual(scope.DNS);
    const edges = [...(report.topologies.get('endpoint')?.nodes.values() ?? [])].flatMap((node) => [
      ...node.edges.keys(),
    ]);
    expect(edges.length).toBeGreaterThan(0);
  });

  it('in the form of the wire takes the time of arrival', () => {
    const wire = fromScopeReport(read('scope-wire-report'), nowMs);
    const [node] = wire.topologies.get('process')?.nodes.values() ?? [];
    expect(node?.latest.get('pid')?.timeMs).toBe(nowMs);
  });

  it("of a plugin says what it may do and is merged with the probe's own", () => {
    const plugin = fromScopeReport(read('scope-plugin-report'), nowMs);
    const merged = mergeReports(report, plugin);
    const host = merged.topologies.get('host')?.nodes.get('vm;<host>');
    expect(host?.latest.get('host_name')?.value).toBe('vm');
    expect([...(host?.controls.keys() ?? [])].sort()).toEqual(['host_exec', 'turn-off']);
    expect(merged.topologies.get('plugin')?.nodes.get('demo')?.latest.get('label')?.value).toBe(
      'Demo plugin',
    );
    expect(toScopeReport(merged, { nowMs, id: 'x' }).Plugins).toEqual([
      { ...(read('scope-plugin-report').Plugins as object[])[0], status: '' },
    ]);
  });

  it('does not hold what was removed', () => {
    const [id, node] = [...report.topologies.get('container')!.nodes][0]!;
    const gone = removedNode(node, nowMs + 1);
    expect(isAlive(gone)).toBe(false);
    const after = mergeReports(report, {
      topologies: new Map([['container', { nodes: new Map([[id, gone]]), templates: new Map() }]]),
    });
    expect(
      Object.keys((toScopeReport(after, { nowMs, id: 'x' }).Container as ScopeTopology).nodes),
    ).not.toContain(id);
  });

  it.each([[null], ['text'], [[]], [3]])('is an object, not %j', (json) => {
    expect(() => fromScopeReport(json, nowMs)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('may be wrong in every place and is read as far as it is right', () => {
    const wrong = {
      Container: { nodes: { a: { latest: { x: 3, y: { value: 4 } }, sets: 5, metrics: { m: [] } }, b: 7 } },
    };
    const nodes = fromScopeReport(wrong, nowMs).topologies.get('container')?.nodes;
    expect([...(nodes?.keys() ?? [])]).toEqual(['a']);
  });

  it.each([[{ nodes: 1 }], [{ leavesPerNode: 2 }], [{ stringLength: 3 }]])('has limits: %j', (limits) => {
    expect(() => fromScopeReport(scope, nowMs, limits)).toThrow(expect.objectContaining({ code: 'limit' }));
  });
});
