import {
  emptyReport,
  isAlive,
  observeMetrics,
  observeNode,
  pruneReport,
  type Reading,
  type Report,
  type ReportNode,
  removedNode,
  type Sighting,
  type Template,
  topologyOf,
  withTemplates,
} from '@orchestrator/report';
import type { Clock } from '@orchestrator/runtime/clock';

import { steadyTime } from './steady-time.ts';

/** How long a change may wait to travel with others. */
export type Urgency = 'now' | 'tick';

/**
 * Where a source writes down what it sees. Keeps the times of what does not change and the tombstones of what is gone, so
 * that a source says what is there and never what differs.
 */
export interface Board {
  /** All that this source knows; a new object when anything has changed. */
  readonly report: Report;
  templates(topology: string, templates: readonly Template[]): void;
  see(topology: string, id: string, sighting: Sighting, urgency?: Urgency): void;
  /** Readings of a node that was seen; nothing happens if it was not. */
  read(topology: string, id: string, readings: Readonly<Record<string, Reading | undefined>>): void;
  remove(topology: string, id: string, urgency?: Urgency): void;
  /** Removes the nodes that `isThere` says no to. */
  keepOnly(topology: string, isThere: (id: string) => boolean, urgency?: Urgency): void;
  isAlive(topology: string, id: string): boolean;
}

export interface BoardOptions {
  readonly clock: Clock;
  /** Whose counts these are. */
  readonly writer: string;
  readonly changed: (urgency: Urgency) => void;
}

/** What is gone is told for this long; an app that was away longer gets a full report anyway. */
export const tombstonesKeptMs = 60_000;
const pruneEveryMs = 20_000;

export function createBoard({ clock, writer, changed }: BoardOptions): Board {
  const timeMs = steadyTime(clock);
  let report = emptyReport;
  let prunedMs = timeMs();

  const nodesOf = (topology: string) => report.topologies.get(topology)?.nodes;

  const prune = (nowMs: number) => {
    if (nowMs - prunedMs < pruneEveryMs) return;
    prunedMs = nowMs;
    report = pruneReport(report, nowMs - tombstonesKeptMs);
  };

  /** One map of nodes is copied per change of a topology; sources change many nodes in one turn of the event loop. */
  let open: { topology: string; nodes: Map<string, ReportNode> } | undefined;

  const put = (topology: string, id: string, node: ReportNode, urgency: Urgency) => {
    prune(timeMs());
    const before = report.topologies.get(topology) ?? topologyOf([]);
    if (open?.topology !== topology || open.nodes !== before.nodes) {
      open = { topology, nodes: new Map(before.nodes) };
      const batch = open;
      // Once read, the map belongs to the reader and is not written to any more.
      queueMicrotask(() => {
        if (open === batch) open = undefined;
      });
    }
    open.nodes.set(id, node);
    report = { topologies: new Map(report.topologies).set(topology, { ...before, nodes: open.nodes }) };
    changed(urgency);
  };

  return {
    get report() {
      open = undefined;
      return report;
    },
    templates(topology, templates) {
      const before = report.topologies.get(topology) ?? topologyOf([]);
      const after = withTemplates(before, templates);
      if (after === before) return;
      report = { topologies: new Map(report.topologies).set(topology, after) };
      changed('tick');
    },
    see(topology, id, sighting, urgency = 'tick') {
      const before = nodesOf(topology)?.get(id);
      const after = observeNode(before, sighting, timeMs(), writer);
      if (after !== before) put(topology, id, after, urgency);
    },
    read(topology, id, readings) {
      const before = nodesOf(topology)?.get(id);
      if (before === undefined || !isAlive(before)) return;
      const after = observeMetrics(before, readings, timeMs());
      if (after !== before) put(topology, id, after, 'tick');
    },
    remove(topology, id, urgency = 'tick') {
      const before = nodesOf(topology)?.get(id);
      if (before === undefined || !isAlive(before)) return;
      put(topology, id, removedNode(before, timeMs()), urgency);
    },
    keepOnly(topology, isThere, urgency = 'tick') {
      for (const [id, node] of nodesOf(topology) ?? []) {
        if (isAlive(node) && !isThere(id)) put(topology, id, removedNode(node, timeMs()), urgency);
      }
    },
    isAlive(topology, id) {
      const node = nodesOf(topology)?.get(id);
      return node !== undefined && isAlive(node);
    },
  };
}
