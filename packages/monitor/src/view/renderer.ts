/**
 * Views of a report that changes: what has not changed since the last rendering is not made again. A view that nobody asks
 * for costs nothing.
 */
import type { Report } from '@orchestrator/report';
import { compileQuery } from '../query/match.ts';
import type { Grouping, ViewDefinition } from './definitions.ts';
import { type Graph, graphOf, groupGraph } from './graph.ts';
import { type GroupOf, groupingOf } from './grouping.ts';
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

/** Views kept at once, the least recently asked for forgotten first. */
const maxKeptViews = 200;

interface Base {
  report: Report | undefined;
  graph: Graph | undefined;
  readonly known: KnownPlaces;
}

interface Kept {
  report: Report;
  graph: Graph;
  /** Before the query. */
  all: ReadonlyMap<string, RenderedNode>;
  view: View;
}

const keyOf = ({ view, options, label, query }: ViewRequest) =>
  JSON.stringify([view.id, label ?? null, Object.entries(options).sort(), query]);

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

  const make = (report: Report, request: ViewRequest, before: Kept | undefined): Kept => {
    const { view, options, label, query } = request;
    const base = baseOf(report, view);
    const chosen = withoutUnchosen(report, base, options);
    const by: Grouping | { label: string } | undefined = label === undefined ? view.groupBy : { label };
    const groupOf: GroupOf | undefined = by === undefined ? undefined : groupingOf(report, by);
    const graph = groupOf === undefined ? chosen : groupGraph(chosen, groupOf, before?.graph);
    const shown = visibleIds(graph, options);
    const all = new Map<string, RenderedNode>();
    for (const id of shown) {
      const node = graph.nodes.get(id);
      if (node !== undefined) all.set(id, render(report, graph, node, before?.all.get(id)));
    }
    const matches = compileQuery(query);
    const found = matches === undefined ? all : new Map([...all].filter(([, node]) => matches(report, node)));
    const nodes = sameNodes(found, before?.view.nodes) && before !== undefined ? before.view.nodes : found;
    const stats = statsOf(nodes, graph.nodes.size);
    const same = before !== undefined && nodes === before.view.nodes && sameStats(stats, before.view.stats);
    return { report, graph, all, view: same ? before.view : { graph, nodes, stats } };
  };

  return {
    render(report, request) {
      const key = keyOf(request);
      const before = kept.get(key);
      if (before?.report === report) return before.view;
      const made = make(report, request, before);
      kept.delete(key);
      kept.set(key, made);
      const [oldest] = kept.keys();
      if (kept.size > maxKeptViews && oldest !== undefined) kept.delete(oldest);
      return made.view;
    },
  };
}

const sameStats = (a: ViewStats, b: ViewStats) =>
  a.nodeCount === b.nodeCount && a.edgeCount === b.edgeCount && a.filteredNodes === b.filteredNodes;
