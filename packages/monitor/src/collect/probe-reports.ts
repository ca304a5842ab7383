/** What one probe has said: pure functions from what it said before and what it says now to what stands. */
import {
  diffReports,
  emptyReport,
  mergeNodes,
  mergeReports,
  type Report,
  type ReportNode,
  type Topology,
} from '@orchestrator/report';
import { MonitorError } from '../errors.ts';
import type { CollectorLimits } from './limits.ts';

/** The node said before, if the new one says the same: identity tells everything downstream that nothing changed. */
function keepIdentity(before: ReportNode | undefined, after: ReportNode): ReportNode {
  if (before === undefined) return after;
  return mergeNodes(before, after) === before && mergeNodes(after, before) === after ? before : after;
}

function keepTopology(before: Topology | undefined, after: Topology): Topology {
  if (before === undefined) return after;
  let same = before.nodes.size === after.nodes.size;
  const nodes = new Map<string, ReportNode>();
  for (const [id, node] of after.nodes) {
    const known = before.nodes.get(id);
    const kept = keepIdentity(known, node);
    if (kept !== known) same = false;
    nodes.set(id, kept);
  }
  return { nodes: same ? before.nodes : nodes, templates: after.templates };
}

/** `full` in the place of `before`: what it does not hold is gone, what has not changed keeps its identity. */
export function replaceReport(before: Report, full: Report): Report {
  if (diffReports(before, full) === emptyReport && diffReports(full, before) === emptyReport) return before;
  return {
    topologies: new Map(
      Array.from(full.topologies, ([name, topology]) => [
        name,
        keepTopology(before.topologies.get(name), topology),
      ]),
    ),
  };
}

/** Ids of a topology's nodes that are not the same object in both. */
export function changedIds(before: Topology | undefined, after: Topology | undefined): string[] {
  if (before?.nodes === after?.nodes) return [];
  const changed: string[] = [];
  for (const [id, node] of after?.nodes ?? []) if (before?.nodes.get(id) !== node) changed.push(id);
  for (const id of before?.nodes.keys() ?? []) if (after?.nodes.has(id) !== true) changed.push(id);
  return changed;
}

export function countNodes(report: Report): number {
  let count = 0;
  for (const { nodes } of report.topologies.values()) count += nodes.size;
  return count;
}

/** @throws MonitorError `limit` */
export function checkLimits(probeId: string, report: Report, limits: CollectorLimits): void {
  const nodes = countNodes(report);
  if (nodes > limits.nodesPerProbe) {
    throw new MonitorError(
      'limit',
      `probe ${probeId} reports ${nodes} nodes, more than ${limits.nodesPerProbe}`,
      {
        remedy: 'turn off a source of the probe, or raise the limit',
      },
    );
  }
  if (report.topologies.size > limits.topologiesPerProbe) {
    throw new MonitorError(
      'limit',
      `probe ${probeId} reports ${report.topologies.size} topologies, more than ${limits.topologiesPerProbe}`,
    );
  }
  for (const [name, { templates }] of report.topologies) {
    if (templates.size <= limits.templatesPerTopology) continue;
    throw new MonitorError(
      'limit',
      `probe ${probeId} reports ${templates.size} templates of ${name}, more than ${limits.templatesPerTopology}`,
    );
  }
}

/** A report that says nothing of what is gone; it counts for a while. */
export interface WindowedReport {
  readonly atMs: number;
  readonly report: Report;
}

/** The reports that still count, oldest first. */
export function withinWindow(
  reports: readonly WindowedReport[],
  nowMs: number,
  limits: CollectorLimits,
): readonly WindowedReport[] {
  return reports.filter(({ atMs }) => nowMs - atMs < limits.windowMs).slice(-limits.reportsPerWindow);
}

export const mergeWindow = (reports: readonly WindowedReport[]): Report =>
  reports.reduce((merged, { report }) => mergeReports(merged, report), emptyReport);
