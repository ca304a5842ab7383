import { type Edge, edgeOrder } from './edge.ts';
import {
  diffGroups,
  diffLeaves,
  type Groups,
  type Leaves,
  leavesAfter,
  mapGroups,
  mergeGroups,
  mergeLeaves,
  noLeafGroups,
  noLeaves,
  numberOrder,
  presenceOrder,
  textOrder,
} from './leaf.ts';
import { diffMetrics, type Metrics, mergeMetrics, noMetrics } from './metric.ts';

/**
 * A thing that was seen: what is known of it, by whom and when is in its leaves. Immutable; what does not change keeps its
 * identity through merges, so that views can be kept as long as their nodes are the same.
 */
export interface ReportNode {
  /** When it was last said to be there; 0 if only something about it was said. Milliseconds since 1970. */
  readonly bornMs: number;
  /** When it was last said to be gone; nothing written until then counts. 0 for never. */
  readonly removedMs: number;
  readonly latest: Leaves<string>;
  readonly sets: Groups<true>;
  /** Ids of nodes that it is a part of, by their topology. */
  readonly parents: Groups<true>;
  /** Ids of controls that can be used now. */
  readonly controls: Leaves<true>;
  /** By name and writer; each writer counts on its own, from the leaf's time on. */
  readonly counters: Groups<number>;
  /** By the id of the node at the other end. */
  readonly edges: Leaves<Edge>;
  readonly metrics: Metrics;
}

export const emptyNode: ReportNode = {
  bornMs: 0,
  removedMs: 0,
  latest: noLeaves(),
  sets: noLeafGroups(),
  parents: noLeafGroups(),
  controls: noLeaves(),
  counters: noLeafGroups(),
  edges: noLeaves(),
  metrics: noMetrics(),
};

/** The same object if nothing differs, so that identity goes on telling what has changed. */
function unlessSame(before: ReportNode, after: ReportNode): ReportNode {
  const same =
    before.bornMs === after.bornMs &&
    before.removedMs === after.removedMs &&
    before.latest === after.latest &&
    before.sets === after.sets &&
    before.parents === after.parents &&
    before.controls === after.controls &&
    before.counters === after.counters &&
    before.edges === after.edges &&
    before.metrics === after.metrics;
  return same ? before : after;
}

/** Both together, in whatever order. `a` itself if `b` has nothing new. */
export function mergeNodes(a: ReportNode, b: ReportNode): ReportNode {
  if (a === b) return a;
  const removedMs = Math.max(a.removedMs, b.removedMs);
  return unlessSame(a, {
    bornMs: Math.max(a.bornMs, b.bornMs),
    removedMs,
    latest: mergeLeaves(a.latest, b.latest, textOrder, removedMs),
    sets: mergeGroups(a.sets, b.sets, presenceOrder, removedMs),
    parents: mergeGroups(a.parents, b.parents, presenceOrder, removedMs),
    controls: mergeLeaves(a.controls, b.controls, presenceOrder, removedMs),
    counters: mergeGroups(a.counters, b.counters, numberOrder, removedMs),
    edges: mergeLeaves(a.edges, b.edges, edgeOrder, removedMs),
    metrics: mergeMetrics(a.metrics, b.metrics, removedMs),
  });
}

/** What `b` has that changes something in `a`; undefined if there is nothing. */
export function diffNodes(a: ReportNode | undefined, b: ReportNode): ReportNode | undefined {
  if (a === undefined) return b;
  if (a === b) return undefined;
  const difference: ReportNode = {
    bornMs: b.bornMs > a.bornMs ? b.bornMs : 0,
    removedMs: b.removedMs > a.removedMs ? b.removedMs : 0,
    latest: diffLeaves(a.latest, leavesAfter(b.latest, a.removedMs), textOrder),
    sets: diffGroups(a.sets, groupsAfter(b.sets, a.removedMs), presenceOrder),
    parents: diffGroups(a.parents, groupsAfter(b.parents, a.removedMs), presenceOrder),
    controls: diffLeaves(a.controls, leavesAfter(b.controls, a.removedMs), presenceOrder),
    counters: diffGroups(a.counters, groupsAfter(b.counters, a.removedMs), numberOrder),
    edges: diffLeaves(a.edges, leavesAfter(b.edges, a.removedMs), edgeOrder),
    metrics: diffMetrics(a.metrics, mergeMetrics(b.metrics, noMetrics(), a.removedMs)),
  };
  return unlessSame(emptyNode, difference) === emptyNode ? undefined : difference;
}

const groupsAfter = <Value>(groups: Groups<Value>, afterMs: number): Groups<Value> =>
  mapGroups(groups, (leaves) => leavesAfter(leaves, afterMs));

/** Said to be there, and not said to be gone since. */
export const isAlive = (node: ReportNode): boolean => node.bornMs > node.removedMs;
