/**
 * Probes write with their own clocks. One that is off by minutes would have its news lose against older ones, or count as
 * news for ever; so all times of such a probe are moved by one offset, which is found out once a stream: within a stream it
 * must not change, or the same leaf would look like two.
 */
import type { Groups, Leaf, Leaves, Metrics, Report, ReportNode, Topology } from '@orchestrator/report';

/** Clocks that differ by less are left alone: the differences of a well kept network, and the age of idle readings. */
const aheadMs = 2_000;
const behindMs = 60_000;

/** Templates are written at this time everywhere; see `withTemplates` of the report. */
const timelessMs = 1;

function newestMs(report: Report): number {
  let newest = 0;
  for (const { nodes } of report.topologies.values()) {
    for (const node of nodes.values()) {
      newest = Math.max(newest, node.bornMs, node.removedMs);
      for (const leaf of node.latest.values()) newest = Math.max(newest, leaf.timeMs);
      for (const metric of node.metrics.values()) newest = Math.max(newest, metric.timesMs.at(-1) ?? 0);
    }
  }
  return newest;
}

/** What to add to the times of a probe whose full report has just arrived; 0 if its clock is good enough. */
export function clockOffsetMs(full: Report, nowMs: number): number {
  const newest = newestMs(full);
  if (newest === 0) return 0;
  const differenceMs = nowMs - newest;
  return differenceMs < -aheadMs || differenceMs > behindMs ? differenceMs : 0;
}

function shiftLeaves<Value>(leaves: Leaves<Value>, byMs: number): Leaves<Value> {
  if (leaves.size === 0) return leaves;
  const shift = ({ timeMs, value }: Leaf<Value>) => ({
    timeMs: timeMs <= timelessMs ? timeMs : timeMs + byMs,
    value,
  });
  return new Map(Array.from(leaves, ([key, leaf]) => [key, shift(leaf)]));
}

function shiftGroups<Value>(groups: Groups<Value>, byMs: number): Groups<Value> {
  if (groups.size === 0) return groups;
  return new Map(Array.from(groups, ([name, leaves]) => [name, shiftLeaves(leaves, byMs)]));
}

function shiftMetrics(metrics: Metrics, byMs: number): Metrics {
  if (metrics.size === 0) return metrics;
  return new Map(
    Array.from(metrics, ([key, { timesMs, values, range }]) => [
      key,
      {
        timesMs: timesMs.map((timeMs) => timeMs + byMs),
        values,
        range: range.timeMs === 0 ? range : { ...range, timeMs: range.timeMs + byMs },
      },
    ]),
  );
}

function shiftNode(node: ReportNode, byMs: number): ReportNode {
  return {
    bornMs: node.bornMs === 0 ? 0 : node.bornMs + byMs,
    removedMs: node.removedMs === 0 ? 0 : node.removedMs + byMs,
    latest: shiftLeaves(node.latest, byMs),
    sets: shiftGroups(node.sets, byMs),
    parents: shiftGroups(node.parents, byMs),
    controls: shiftLeaves(node.controls, byMs),
    counters: shiftGroups(node.counters, byMs),
    edges: shiftLeaves(node.edges, byMs),
    metrics: shiftMetrics(node.metrics, byMs),
  };
}

/** The report as a clock would have written it that is `byMs` ahead; the report itself for 0. */
export function shiftReport(report: Report, byMs: number): Report {
  if (byMs === 0) return report;
  const shift = ({ nodes, templates }: Topology): Topology => ({
    nodes: new Map(Array.from(nodes, ([id, node]) => [id, shiftNode(node, byMs)])),
    templates,
  });
  return {
    topologies: new Map(Array.from(report.topologies, ([name, topology]) => [name, shift(topology)])),
  };
}
