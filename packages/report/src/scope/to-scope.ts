import type { Groups, Leaves } from '../leaf.ts';
import type { Metrics } from '../metric.ts';
import { isAlive, type ReportNode } from '../node.ts';
import { emptyTopology, type Report, type Topology } from '../report.ts';
import type { JsonObject } from './json.ts';
import { memberNames, topologyOfMember } from './names.ts';
import { toScopeTemplate } from './templates.ts';

const rfc3339 = (timeMs: number) => new Date(timeMs).toISOString();

const presentKeys = (leaves: Leaves<unknown>): string[] =>
  [...leaves].filter(([, leaf]) => leaf.value !== undefined).map(([key]) => key);

function toLists(groups: Groups<true>): JsonObject | null {
  const lists = [...groups].map(([name, leaves]) => [name, presentKeys(leaves)] as const);
  const filled = lists.filter(([, list]) => list.length > 0);
  return filled.length === 0 ? null : Object.fromEntries(filled);
}

function toLatest(node: ReportNode): JsonObject {
  const latest: Record<string, unknown> = {};
  for (const [key, { timeMs, value }] of node.latest) {
    if (value !== undefined) latest[key] = { timestamp: rfc3339(timeMs), value };
  }
  const controls = presentKeys(node.controls);
  if (controls.length > 0) {
    const timeMs = Math.max(...[...node.controls.values()].map((leaf) => leaf.timeMs));
    latest.active_controls = { timestamp: rfc3339(timeMs), value: controls.join(';') };
  }
  return latest;
}

function toMetrics(metrics: Metrics): JsonObject {
  return Object.fromEntries(
    [...metrics].map(([key, { timesMs, values, range }]) => {
      const samples = timesMs.map((timeMs, index) => ({ date: rfc3339(timeMs), value: values[index] }));
      const min = Number.isNaN(range.min) ? Math.min(...values) : range.min;
      const max = Number.isNaN(range.max) ? Math.max(...values) : range.max;
      return [key, { samples, min, max }];
    }),
  );
}

/** All writers' counts together: Scope has one number a name. */
function toCounters(counters: Groups<number>): JsonObject {
  return Object.fromEntries(
    [...counters].map(([name, writers]) => [
      name,
      [...writers.values()].reduce((sum, leaf) => sum + (leaf.value ?? 0), 0),
    ]),
  );
}

function toNode(id: string, topology: string, node: ReportNode): JsonObject {
  const adjacency = presentKeys(node.edges);
  const [latest, metrics] = [toLatest(node), toMetrics(node.metrics)];
  const counters = toCounters(node.counters);
  return {
    id,
    topology,
    ...(Object.keys(counters).length > 0 ? { counters } : {}),
    sets: toLists(node.sets),
    ...(adjacency.length > 0 ? { adjacency } : {}),
    ...(Object.keys(latest).length > 0 ? { latest } : {}),
    ...(Object.keys(metrics).length > 0 ? { metrics } : {}),
    parents: toLists(node.parents),
    children: null,
  };
}

function toTopology(name: string, topology: Topology): JsonObject {
  const templates: Record<string, Record<string, unknown>> = {};
  const about: Record<string, unknown> = {};
  for (const { value } of topology.templates.values()) {
    if (value === undefined) continue;
    if (value.kind === 'topology') {
      Object.assign(about, { shape: value.shape, label: value.label, label_plural: value.labelPlural });
      continue;
    }
    const written = toScopeTemplate(value);
    if (written === undefined) continue;
    const group = templates[written.member] ?? {};
    group[value.id] = written.value;
    templates[written.member] = group;
  }
  const nodes = [...topology.nodes].filter(([, node]) => isAlive(node));
  const written = Object.fromEntries(nodes.map(([id, node]) => [id, toNode(id, name, node)]));
  return { ...about, ...(nodes.length > 0 ? { nodes: written } : {}), ...templates };
}

function toPlugins(topology: Topology): JsonObject[] {
  return [...topology.nodes]
    .filter(([, node]) => isAlive(node))
    .map(([id, node]) => {
      const text = (key: string) => node.latest.get(key)?.value ?? '';
      const interfaces = text('interfaces')
        .split(';')
        .filter((name) => name !== '');
      const known = { label: text('label'), description: text('description'), interfaces };
      // Ours are called `HOST;PLUGIN`.
      const name = id.slice(id.lastIndexOf(';') + 1);
      return { id: name, ...known, api_version: text('api_version'), status: text('status') };
    });
}

/**
 * The report in Scope's JSON form, with what is alive in it. Rates of edges and topologies that Scope does not have are
 * not in it; each edge is an adjacency.
 */
export function toScopeReport(report: Report, options: { nowMs: number; id: string }): JsonObject {
  const members = memberNames.map((member) => {
    const name = topologyOfMember(member) ?? member;
    return [member, toTopology(name, report.topologies.get(name) ?? emptyTopology)];
  });
  const dns = report.topologies.get('dns')?.nodes ?? new Map<string, ReportNode>();
  return {
    TS: rfc3339(options.nowMs),
    ...Object.fromEntries(members),
    DNS: Object.fromEntries([...dns].map(([address, node]) => [address, toLists(node.sets) ?? {}])),
    Sampling: { Count: 0, Total: 0 },
    Window: 0,
    Shortcut: false,
    Plugins: toPlugins(report.topologies.get('plugin') ?? emptyTopology),
    ID: options.id,
  };
}
