import { diffLeaves, keepLeaves, type Leaves, mapGroups, mergeLeaves, noLeaves } from './leaf.ts';
import { diffNodes, isAlive, mergeNodes, type ReportNode } from './node.ts';
import { type Template, templateOrder } from './template.ts';

/** Nodes of one kind, by their id, and how they are shown. */
export interface Topology {
  readonly nodes: ReadonlyMap<string, ReportNode>;
  /** By `templateKey`. */
  readonly templates: Leaves<Template>;
}

/** All that is known, or a part of it, or what has changed: every one of these is a report, and they merge. */
export interface Report {
  /** By name: `host`, `process`, `container` and so on; any name may be used. */
  readonly topologies: ReadonlyMap<string, Topology>;
}

export const emptyTopology: Topology = { nodes: new Map(), templates: noLeaves() };
export const emptyReport: Report = { topologies: new Map() };

const templatesFromEver = Number.NEGATIVE_INFINITY;

function mergeTopologies(a: Topology, b: Topology): Topology {
  if (a === b) return a;
  const templates = mergeLeaves(a.templates, b.templates, templateOrder, templatesFromEver);
  let nodes: Map<string, ReportNode> | undefined;
  if (a.nodes !== b.nodes) {
    for (const [id, node] of b.nodes) {
      const before = a.nodes.get(id);
      const after = before === undefined ? node : mergeNodes(before, node);
      if (after === before) continue;
      nodes ??= new Map(a.nodes);
      nodes.set(id, after);
    }
  }
  return nodes === undefined && templates === a.templates ? a : { nodes: nodes ?? a.nodes, templates };
}

/**
 * Both together: idempotent, commutative and associative, whatever order reports arrive in. Neither is changed; `a` itself
 * is returned if `b` has nothing new, and so is each part of it.
 */
export function mergeReports(a: Report, b: Report): Report {
  if (a === b || b.topologies.size === 0) return a;
  if (a.topologies.size === 0) return b;
  let topologies: Map<string, Topology> | undefined;
  for (const [name, topology] of b.topologies) {
    const before = a.topologies.get(name);
    const after = before === undefined ? topology : mergeTopologies(before, topology);
    if (after === before) continue;
    topologies ??= new Map(a.topologies);
    topologies.set(name, after);
  }
  return topologies === undefined ? a : { topologies };
}

function diffTopologies(a: Topology, b: Topology): Topology | undefined {
  if (a === b) return undefined;
  const nodes = new Map<string, ReportNode>();
  if (a.nodes !== b.nodes) {
    for (const [id, node] of b.nodes) {
      const difference = diffNodes(a.nodes.get(id), node);
      if (difference !== undefined) nodes.set(id, difference);
    }
  }
  const templates = diffLeaves(a.templates, b.templates, templateOrder);
  return nodes.size === 0 && templates.size === 0 ? undefined : { nodes, templates };
}

/**
 * The leaves of `b` that change something in `a`, and nothing else: `merge(a, diff(a, b))` is `merge(a, b)`, which is `b`
 * wherever `b` grew out of `a`. Parts that are the same object cost nothing. `emptyReport` if there is no difference.
 */
export function diffReports(a: Report, b: Report): Report {
  if (a === b) return emptyReport;
  const topologies = new Map<string, Topology>();
  for (const [name, topology] of b.topologies) {
    const before = a.topologies.get(name);
    const difference = before === undefined ? topology : diffTopologies(before, topology);
    if (difference !== undefined) topologies.set(name, difference);
  }
  return topologies.size === 0 ? emptyReport : { topologies };
}

function pruneNode(node: ReportNode, beforeMs: number): ReportNode {
  const keep = (leaf: { timeMs: number; value: unknown }) =>
    leaf.value !== undefined || leaf.timeMs >= beforeMs;
  const pruned = {
    latest: keepLeaves(node.latest, keep),
    sets: mapGroups(node.sets, (leaves) => keepLeaves(leaves, keep)),
    parents: mapGroups(node.parents, (leaves) => keepLeaves(leaves, keep)),
    controls: keepLeaves(node.controls, keep),
    edges: keepLeaves(node.edges, keep),
  };
  const same =
    pruned.latest === node.latest &&
    pruned.sets === node.sets &&
    pruned.parents === node.parents &&
    pruned.controls === node.controls &&
    pruned.edges === node.edges;
  return same ? node : { ...node, ...pruned };
}

/**
 * Without the memory of what was removed before `beforeMs`. Not a merge: older reports than that must not be merged
 * afterwards, since they would bring the removed things back.
 */
export function pruneReport(report: Report, beforeMs: number): Report {
  let topologies: Map<string, Topology> | undefined;
  for (const [name, topology] of report.topologies) {
    let nodes: Map<string, ReportNode> | undefined;
    for (const [id, node] of topology.nodes) {
      const forgotten = !isAlive(node) && node.removedMs > 0 && node.removedMs < beforeMs;
      const pruned = forgotten ? undefined : pruneNode(node, beforeMs);
      if (pruned === node) continue;
      nodes ??= new Map(topology.nodes);
      if (pruned === undefined) nodes.delete(id);
      else nodes.set(id, pruned);
    }
    if (nodes === undefined) continue;
    topologies ??= new Map(report.topologies);
    topologies.set(name, { ...topology, nodes });
  }
  return topologies === undefined ? report : { topologies };
}
