/** A view before it is put into words: its nodes, what they stand for, and what flows between them. */
import type { Report, ReportNode } from '@orchestrator/report';
import { changesBetween, type ReportChanges } from '../collect/change-log.ts';
import type { ViewDefinition } from './definitions.ts';
import { FlowBook, type Flows, type FlowTable, groupFlows } from './flow.ts';
import type { GroupOf } from './grouping.ts';
import { isPseudoId, movedEnds, noPlaces, type PseudoNode, placementOf, pseudoNodeOf } from './placement.ts';
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
  /** Of a graph of groups: the group of each node. */
  readonly groupOf?: ReadonlyMap<string, readonly string[]>;
}

export const noFlows: Flows = new Map();
const noTable: FlowTable = new Map();

function addPseudoNodes(
  nodes: Map<string, GraphNode>,
  flows: FlowTable,
  view: ViewDefinition,
  before: Graph | undefined,
): void {
  const add = (id: string) => {
    if (!isPseudoId(id) || nodes.has(id)) return;
    const known = before?.nodes.get(id);
    const pseudo = known?.pseudo ?? pseudoNodeOf(id, view);
    if (pseudo !== undefined) nodes.set(id, known ?? { id, topology: '', pseudo });
  };
  for (const [from, targets] of flows) {
    add(from);
    for (const to of targets.keys()) add(to);
  }
}

const hasNodes = (report: Report, view: ViewDefinition) =>
  view.topologies.some((name) => (report.topologies.get(name)?.nodes.size ?? 0) > 0);

/** The graph of a view before options, groups and queries, from report to report. */
export class GraphBook {
  #report: Report | undefined;
  #graph: Graph | undefined;
  #epoch: object | undefined;
  readonly #known = noPlaces();
  readonly #flows = new FlowBook();

  /** One node for each of the report. What is the same as before is the same object. */
  graphOf(report: Report, view: ViewDefinition, surroundings: Surroundings): Graph {
    const before = this.#graph;
    if (before !== undefined && this.#report === report) return before;
    const changes = this.#report === undefined ? undefined : changesBetween(this.#report, report);
    const flows = this.#flowsOf(report, view, surroundings, changes);
    const nodes =
      before === undefined || changes === undefined
        ? allNodes(report, view, before, flows)
        : changedNodes(report, view, before, changes, flows);
    const same = before !== undefined && nodes === before.nodes && flows === before.flows;
    this.#report = report;
    this.#graph = same ? before : { view, nodes, flows };
    return this.#graph;
  }

  #flowsOf(
    report: Report,
    view: ViewDefinition,
    surroundings: Surroundings,
    changes: ReportChanges | undefined,
  ): FlowTable {
    if (!hasNodes(report, view)) {
      // Nobody can be told of flows between no nodes.
      this.#epoch = undefined;
      return noTable;
    }
    const place = placementOf(report, view, surroundings, this.#known);
    const isKnown = changes !== undefined && this.#epoch === surroundings.epoch;
    this.#epoch = surroundings.epoch;
    if (!isKnown) return this.#flows.rebuild(report, place);
    return this.#flows.update(report, place, movedEnds(changes, this.#known));
  }
}

function allNodes(
  report: Report,
  view: ViewDefinition,
  before: Graph | undefined,
  flows: FlowTable,
): ReadonlyMap<string, GraphNode> {
  const nodes = new Map<string, GraphNode>();
  for (const topology of view.topologies) {
    for (const [id, node] of report.topologies.get(topology)?.nodes ?? []) {
      const known = before?.nodes.get(id);
      nodes.set(id, known?.node === node ? known : { id, topology, node });
    }
  }
  addPseudoNodes(nodes, flows, view, before);
  return nodes;
}

/** Those of `before` if none of them has changed. */
function changedNodes(
  report: Report,
  view: ViewDefinition,
  before: Graph,
  changes: ReportChanges,
  flows: FlowTable,
): ReadonlyMap<string, GraphNode> {
  const isSame = flows === before.flows && !view.topologies.some((topology) => changes.has(topology));
  if (isSame) return before.nodes;
  const nodes = new Map(before.nodes);
  for (const topology of view.topologies) {
    for (const id of changes.get(topology) ?? []) {
      const node = report.topologies.get(topology)?.nodes.get(id);
      if (node !== undefined) nodes.set(id, { id, topology, node });
      else if (nodes.get(id)?.topology === topology) nodes.delete(id);
    }
  }
  if (flows === before.flows) return nodes;
  for (const [id, { pseudo }] of before.nodes) if (pseudo !== undefined) nodes.delete(id);
  addPseudoNodes(nodes, flows, view, before);
  return nodes;
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
  const flows = groupFlows(graph.flows, groupsIn(placed), before?.flows ?? noTable);
  addPseudoNodes(nodes, flows, graph.view, before);
  return { view: graph.view, nodes, flows, groupOf: placed };
}

const groupsIn = (groupOf: ReadonlyMap<string, readonly string[]>) => (id: string) =>
  isPseudoId(id) ? [id] : (groupOf.get(id) ?? []);

/** The groups as they were, with the flows of the graph as it is now. */
export function regroupFlows(graph: Graph, before: Graph): Graph {
  const { groupOf = new Map<string, readonly string[]>() } = before;
  const flows = groupFlows(graph.flows, groupsIn(groupOf), before.flows);
  if (flows === before.flows) return before;
  const groups = [...before.nodes].filter(([, { pseudo }]) => pseudo === undefined);
  const nodes = new Map(groups);
  addPseudoNodes(nodes, flows, graph.view, before);
  return { view: graph.view, nodes, flows, groupOf };
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
