/**
 * A view from report to report: what options show of it, grouped if it is. Nodes are rendered anew when they have changed, when
 * what flows from them has, or when something that they name may have; all others are not even looked at.
 */
import type { Report } from '@orchestrator/report';
import { changesBetween, type ReportChanges } from '../collect/change-log.ts';
import { type Graph, type GraphNode, groupGraph, regroupFlows } from './graph.ts';
import { type GroupOf, groupingOf } from './grouping.ts';
import { nodeOf } from './lineage.ts';
import { isChosen, visibleIds } from './options.ts';
import type { ViewRequest } from './request.ts';
import { type RenderedNode, render } from './summarise.ts';

/** All nodes that options and grouping show. */
export interface KeptView {
  readonly report: Report;
  readonly base: Graph;
  readonly chosen: Graph;
  readonly graph: Graph;
  readonly visible: ReadonlySet<string>;
  readonly all: ReadonlyMap<string, RenderedNode>;
}

/** Nothing that is rendered names these, but by being one of them. */
const unnamed: ReadonlySet<string> = new Set(['endpoint', 'process']);

/** Whether something has changed that nodes of the view may name, or be chosen by: hosts, images and so on. */
function isContextChanged(
  before: Report,
  after: Report,
  changes: ReportChanges,
  own: readonly string[],
): boolean {
  for (const [topology, ids] of changes) {
    if (own.includes(topology) || unnamed.has(topology)) continue;
    for (const id of ids) {
      const [was, is] = [nodeOf(before, topology, id), nodeOf(after, topology, id)];
      if (was?.latest !== is?.latest || was?.parents !== is?.parents) return true;
    }
  }
  return false;
}

type Decide = (node: GraphNode) => boolean;

/** The nodes of a graph that are chosen. `ids`: those that have to be decided again. */
function chosenOf(
  base: Graph,
  decide: Decide,
  before: KeptView | undefined,
  ids: Iterable<string> | undefined,
): Graph {
  if (before === undefined || ids === undefined) {
    return { ...base, nodes: new Map([...base.nodes].filter(([, node]) => decide(node))) };
  }
  if (base.nodes === before.base.nodes) {
    return base.flows === before.base.flows ? before.chosen : { ...base, nodes: before.chosen.nodes };
  }
  const nodes = new Map(before.chosen.nodes);
  if (base.flows !== before.base.flows) {
    for (const [id, { pseudo }] of before.base.nodes) if (pseudo !== undefined) nodes.delete(id);
    for (const [id, node] of base.nodes) if (node.pseudo !== undefined) nodes.set(id, node);
  }
  for (const id of ids) {
    const node = base.nodes.get(id);
    if (node !== undefined && decide(node)) nodes.set(id, node);
    else nodes.delete(id);
  }
  return { ...base, nodes };
}

function sameIds(
  a: ReadonlyMap<string, unknown>,
  b: ReadonlyMap<string, unknown>,
  ids: Iterable<string>,
): boolean {
  if (a.size !== b.size) return false;
  for (const id of ids) if (a.has(id) !== b.has(id)) return false;
  return true;
}

/** Whether each of some nodes is counted to the group that it was counted to. */
function sameGroups(chosen: Graph, before: Graph, groups: Groups, ids: Iterable<string>): boolean {
  for (const id of ids) {
    const [is, was] = [chosen.nodes.get(id)?.node, before.nodes.get(id)?.node];
    const now = is === undefined ? undefined : groups.of(id, is);
    const then = was === undefined ? undefined : groups.before(id, was);
    if (now?.id !== then?.id || now?.label !== then?.label) return false;
    // One that has come or gone is counted too.
    if ((is === undefined) !== (was === undefined) && (now ?? then) !== undefined) return false;
  }
  return true;
}

function changedFlows(graph: Graph, before: Graph, visible: ReadonlySet<string>): string[] {
  if (graph.flows === before.flows) return [];
  return [...visible].filter((id) => graph.flows.get(id) !== before.flows.get(id));
}

function renderSome(
  report: Report,
  graph: Graph,
  visible: ReadonlySet<string>,
  before: KeptView,
  candidates: ReadonlySet<string>,
): ReadonlyMap<string, RenderedNode> {
  let all: Map<string, RenderedNode> | undefined;
  if (visible !== before.visible) {
    all = new Map();
    for (const id of visible) {
      const known = before.all.get(id);
      const node = graph.nodes.get(id);
      if (known !== undefined) all.set(id, known);
      else if (node !== undefined) all.set(id, render(report, graph, node, undefined));
    }
  }
  for (const id of candidates) {
    const node = graph.nodes.get(id);
    if (node === undefined || !visible.has(id)) continue;
    const known = before.all.get(id);
    const now = render(report, graph, node, known);
    if (now === known) continue;
    all ??= new Map(before.all);
    all.set(id, now);
  }
  return all ?? before.all;
}

function renderAll(
  report: Report,
  graph: Graph,
  visible: ReadonlySet<string>,
  before: KeptView | undefined,
): ReadonlyMap<string, RenderedNode> {
  const all = new Map<string, RenderedNode>();
  let same = before?.all.size === visible.size;
  for (const id of visible) {
    const node = graph.nodes.get(id);
    if (node === undefined) continue;
    const known = before?.all.get(id);
    const now = render(report, graph, node, known);
    if (now !== known) same = false;
    all.set(id, now);
  }
  return same && before !== undefined ? before.all : all;
}

/** How the nodes are counted together. */
interface Groups {
  readonly of: GroupOf;
  /** As it was for the report before. */
  readonly before: GroupOf;
}

function groupsFor(
  report: Report,
  { view, label }: ViewRequest,
  before: KeptView | undefined,
): Groups | undefined {
  const by = label === undefined ? view.groupBy : { label };
  if (by === undefined) return undefined;
  return { of: groupingOf(report, by), before: groupingOf(before?.report ?? report, by) };
}

function* changedGroups(chosen: Graph, { of }: Groups, ids: Iterable<string>): Generator<string> {
  for (const id of ids) {
    const node = chosen.nodes.get(id)?.node;
    const group = node === undefined ? undefined : of(id, node);
    if (group !== undefined) yield group.id;
  }
}

/** The view of a report, made from that of an earlier one as far as it still holds. */
export function nextView(
  report: Report,
  base: Graph,
  request: ViewRequest,
  before: KeptView | undefined,
): KeptView {
  const { view, options } = request;
  const ids = before === undefined ? undefined : changedIn(before, report, view.topologies);
  const choosesAll = options.system === undefined && options.stopped === undefined;
  const decide: Decide = ({ node, topology }) =>
    node === undefined || isChosen(report, node, topology, options);
  const chosen = choosesAll ? base : chosenOf(base, decide, before, ids);
  const groups = groupsFor(report, request, before);
  if (before === undefined || ids === undefined) return anew(report, base, chosen, groups, options, before);
  if (groups === undefined) {
    const same = chosen.flows === before.graph.flows && sameIds(chosen.nodes, before.graph.nodes, ids);
    const visible = same ? before.visible : visibleIds(chosen, options);
    const candidates = new Set([...ids, ...changedFlows(chosen, before.graph, visible)]);
    const all = renderSome(report, chosen, visible, before, candidates);
    return { report, base, chosen, graph: chosen, visible, all };
  }
  if (!sameGroups(chosen, before.chosen, groups, ids)) {
    return anew(report, base, chosen, groups, options, before);
  }
  const graph = chosen.flows === before.chosen.flows ? before.graph : regroupFlows(chosen, before.graph);
  const visible = graph === before.graph ? before.visible : visibleIds(graph, options);
  // A group says something of its members.
  const touched = new Set([
    ...changedGroups(chosen, groups, ids),
    ...changedFlows(graph, before.graph, visible),
  ]);
  return { report, base, chosen, graph, visible, all: renderSome(report, graph, visible, before, touched) };
}

/** Ids of the view's nodes that have changed; undefined if more may have to be looked at. */
function changedIn(
  before: KeptView,
  report: Report,
  topologies: readonly string[],
): ReadonlySet<string> | undefined {
  const changes = changesBetween(before.report, report);
  if (changes === undefined || isContextChanged(before.report, report, changes, topologies)) return undefined;
  return new Set(topologies.flatMap((name) => [...(changes.get(name) ?? [])]));
}

function anew(
  report: Report,
  base: Graph,
  chosen: Graph,
  groups: Groups | undefined,
  options: ViewRequest['options'],
  before: KeptView | undefined,
): KeptView {
  const graph = groups === undefined ? chosen : groupGraph(chosen, groups.of, before?.graph);
  const visible = visibleIds(graph, options);
  return { report, base, chosen, graph, visible, all: renderAll(report, graph, visible, before) };
}
