/** A view before it is put into words: its nodes, what they stand for, and what flows between them. */
import type { Report, ReportNode } from '@orchestrator/report';
import type { ViewDefinition } from './definitions.ts';
import { type Flows, type FlowTable, groupFlows, sumFlows } from './flow.ts';
import type { GroupOf } from './grouping.ts';
import { isPseudoId, type KnownPlaces, type PseudoNode, placementOf, pseudoNodeOf } from './placement.ts';
import type { Surroundings } from './surroundings.ts';

export interface GraphNode {
  readonly id: string;
  /** Of the report; of a group: that of its members. Empty for pseudo nodes. */
  readonly topology: string;
  /** What a node of the report says; groups and pseudo nodes have none. */
  readonly node?: ReportNode;
  readonly group?: { readonly label: string; readonly members: readonly string[] };
  readonly pseudo?: PseudoNode;
}

export interface Graph {
  readonly view: ViewDefinition;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly flows: FlowTable;
}

export const noFlows: Flows = new Map();
const noTable: FlowTable = new Map();

function addPseudoNodes(nodes: Map<string, GraphNode>, flows: FlowTable, view: ViewDefinition): void {
  const add = (id: string) => {
    if (!isPseudoId(id) || nodes.has(id)) return;
    const pseudo = pseudoNodeOf(id, view);
    if (pseudo !== undefined) nodes.set(id, { id, topology: '', pseudo });
  };
  for (const [from, targets] of flows) {
    add(from);
    for (const to of targets.keys()) add(to);
  }
}

/** One node for each of the report. What is the same as in `before` is the same object. `known`: places found before. */
export function graphOf(
  report: Report,
  view: ViewDefinition,
  surroundings: Surroundings,
  known: KnownPlaces,
  before?: Graph,
): Graph {
  if (!view.topologies.some((name) => (report.topologies.get(name)?.nodes.size ?? 0) > 0)) {
    return { view, nodes: new Map(), flows: noTable };
  }
  const flows = sumFlows(report, placementOf(report, view, surroundings, known), before?.flows ?? noTable);
  const nodes = new Map<string, GraphNode>();
  for (const topology of view.topologies) {
    for (const [id, node] of report.topologies.get(topology)?.nodes ?? []) {
      const known = before?.nodes.get(id);
      nodes.set(id, known?.node === node ? known : { id, topology, node });
    }
  }
  addPseudoNodes(nodes, flows, view);
  return { view, nodes, flows };
}

const sameMembers = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((id, index) => id === b[index]);

/** The graph with its nodes counted together. Pseudo nodes stay as they are. */
export function groupGraph(graph: Graph, groupOf: GroupOf, before?: Graph): Graph {
  const groups = new Map<string, { topology: string; label: string; members: string[] }>();
  const placed = new Map<string, readonly string[]>();
  const nodes = new Map<string, GraphNode>();
  for (const [id, { node, topology }] of graph.nodes) {
    if (node === undefined) continue;
    const group = groupOf(id, node);
    if (group === undefined) continue;
    placed.set(id, [group.id]);
    const known = groups.get(group.id);
    if (known === undefined) groups.set(group.id, { topology, label: group.label, members: [id] });
    else known.members.push(id);
  }
  for (const [id, { topology, label, members }] of groups) {
    const known = before?.nodes.get(id);
    const same = known?.group?.label === label && sameMembers(known.group.members, members);
    nodes.set(id, same ? known : { id, topology, group: { label, members } });
  }
  const groupsOf = (id: string) => (isPseudoId(id) ? [id] : (placed.get(id) ?? []));
  const flows = groupFlows(graph.flows, groupsOf, before?.flows ?? noTable);
  addPseudoNodes(nodes, flows, graph.view);
  return { view: graph.view, nodes, flows };
}

/** Ids that take part in a flow from or to another node, or themselves. */
export function connectedIds(flows: FlowTable): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [from, targets] of flows) {
    if (targets.size > 0) ids.add(from);
    for (const to of targets.keys()) ids.add(to);
  }
  return ids;
}
