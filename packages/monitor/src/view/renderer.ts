/**
 * Views of a report that changes: what has not changed since the last rendering is not made again. A view that nobody asks
 * for costs nothing.
 */
import type { Report } from '@orchestrator/report';
import { compileQuery } from '../query/match.ts';
import type { Grouping, ViewDefinition } from './definitions.ts';
import { type Graph, graphOf, groupGraph } from './graph.ts';
import { groupingOf } from './grouping.ts';
import { type ChosenOptions, isChosen, visibleIds } from './options.ts';
import { type KnownPlaces, noPlaces } from './placement.ts';
import { type RenderedNode, render } from './summarise.ts';
import { type KnownSurroundings, surroundingsOf } from './surroundings.ts';

export interface ViewRequest {
  readonly view: ViewDefinition;
  readonly options: ChosenOptions;
  /** A label by whose values the nodes are grouped, in the place of the view's own grouping. */
  readonly label?: string;
  /** In the query language; empty for all. */
  readonly query: string;
}

export interface ViewStats {
  readonly nodeCount: number;
  readonly nonPseudoNodeCount: number;
  readonly edgeCount: number;
  /** Left out by options or query. */
  readonly filteredNodes: number;
}

/** Immutable; the same object as long as nothing in it changes. */
export interface View {
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, RenderedNode>;
  readonly stats: ViewStats;
}

export interface Renderer {
  /** @throws MonitorError `invalid` for a query that cannot be read */
  render(report: Report, request: ViewRequest): View;
}

/** Combinations of view, options and label kept at once, the least recently asked for forgotten first. */
const maxKeptViews = 50;
/** Queries of one of these kept at once. */
const maxKeptQueries = 100;

interface Base {
  report: Report | undefined;
  graph: Graph | undefined;
  readonly known: KnownPlaces;
}

/** All nodes that options and grouping show; queries choose among these, so that each costs no more than its result. */
interface Kept {
  readonly report: Report;
  readonly graph: Graph;
  readonly all: ReadonlyMap<string, RenderedNode>;
  readonly queries: Map<string, { readonly report: Report; readonly view: View }>;
}

const keyOf = ({ view, options, label }: ViewRequest) =>
  JSON.stringify([view.id, label ?? null, Object.entries(options).sort()]);

function keep<Value>(kept: Map<string, Value>, key: string, value: Value, most: number): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) kept.delete(oldest);
}

function statsOf(nodes: ReadonlyMap<string, RenderedNode>, total: number): ViewStats {
  let [nonPseudoNodeCount, edgeCount] = [0, 0];
  for (const { graphNode, flows } of nodes.values()) {
    if (graphNode.pseudo === undefined) nonPseudoNodeCount++;
    edgeCount += flows.size;
  }
  return { nodeCount: nodes.size, nonPseudoNodeCount, edgeCount, filteredNodes: total - nodes.size };
}

function sameNodes(
  a: ReadonlyMap<string, RenderedNode>,
  b: ReadonlyMap<string, RenderedNode> | undefined,
): boolean {
  if (a.size !== b?.size) return false;
  for (const [id, node] of a) if (b.get(id) !== node) return false;
  return true;
}

function withoutUnchosen(report: Report, graph: Graph, options: ChosenOptions): Graph {
  if (options.system === undefined && options.stopped === undefined) return graph;
  const nodes = new Map(
    [...graph.nodes].filter(
      ([, { node, topology }]) => node === undefined || isChosen(report, node, topology, options),
    ),
  );
  return nodes.size === graph.nodes.size ? graph : { ...graph, nodes };
}

export function createRenderer(): Renderer {
  const kept = new Map<string, Kept>();
  const bases = new Map<string, Base>();
  let surroundings: KnownSurroundings | undefined;

  /** Shared by all views of the same nodes, however these are grouped or filtered. */
  const baseOf = (report: Report, view: ViewDefinition): Graph => {
    const key = JSON.stringify([view.topologies, view.rest]);
    const base: Base = bases.get(key) ?? { report: undefined, graph: undefined, known: noPlaces() };
    if (base.report !== report || base.graph === undefined) {
      surroundings = surroundingsOf(report, surroundings);
      base.graph = graphOf(report, view, surroundings, base.known, base.graph);
      base.report = report;
      bases.set(key, base);
    }
    return { ...base.graph, view };
  };

  const renderAll = (report: Report, request: ViewRequest, before: Kept | undefined): Kept => {
    const { view, options, label } = request;
    const chosen = withoutUnchosen(report, baseOf(report, view), options);
    const by: Grouping | { label: string } | undefined = label === undefined ? view.groupBy : { label };
    const graph = by === undefined ? chosen : groupGraph(chosen, groupingOf(report, by), before?.graph);
    const all = new Map<string, RenderedNode>();
    for (const id of visibleIds(graph, options)) {
      const node = graph.nodes.get(id);
      if (node !== undefined) all.set(id, render(report, graph, node, before?.all.get(id)));
    }
    const same = before !== undefined && sameNodes(all, before.all);
    return { report, graph, all: same ? before.all : all, queries: before?.queries ?? new Map() };
  };

  return {
    render(report, request) {
      const key = keyOf(request);
      const before = kept.get(key);
      const now = before?.report === report ? before : renderAll(report, request, before);
      keep(kept, key, now, maxKeptViews);
      const asked = now.queries.get(request.query);
      if (asked?.report === report) return asked.view;
      const view = findIn(report, now, request.query, asked?.view);
      keep(now.queries, request.query, { report, view }, maxKeptQueries);
      return view;
    },
  };
}

/** The nodes that a query finds; `before` itself if these are the same. */
function findIn(report: Report, { graph, all }: Kept, query: string, before: View | undefined): View {
  const matches = compileQuery(query);
  const found = matches === undefined ? all : new Map([...all].filter(([, node]) => matches(report, node)));
  const nodes = before !== undefined && sameNodes(found, before.nodes) ? before.nodes : found;
  const stats = statsOf(nodes, graph.nodes.size);
  const same = before !== undefined && nodes === before.nodes && sameStats(stats, before.stats);
  return same ? before : { graph, nodes, stats };
}

const sameStats = (a: ViewStats, b: ViewStats) =>
  a.nodeCount === b.nodeCount && a.edgeCount === b.edgeCount && a.filteredNodes === b.filteredNodes;
