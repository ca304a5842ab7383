/**
 * Views of a report that changes: what has not changed since the last rendering is not made again. A view that nobody asks
 * for costs nothing.
 */
import type { Report } from '@orchestrator/report';
import { compileQuery } from '../query/match.ts';
import type { ViewDefinition } from './definitions.ts';
import { type Graph, GraphBook } from './graph.ts';
import { type KeptView, nextView } from './kept-view.ts';
import type { ViewRequest } from './request.ts';
import type { RenderedNode } from './summarise.ts';
import { type KnownSurroundings, surroundingsOf } from './surroundings.ts';

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
}

export interface Renderer {
  /** @throws MonitorError `invalid` for a query that cannot be read */
  render(report: Report, request: ViewRequest): View;
}

/** Combinations of view, options and label kept at once, the least recently asked for forgotten first. */
const maxKeptViews = 50;
/** Queries of one of these kept at once. */
const maxKeptQueries = 100;

/** Queries choose among the nodes that are kept, so that each costs no more than its result. */
interface Kept {
  readonly view: KeptView;
  readonly queries: Map<string, Asked>;
}

interface Asked {
  readonly all: KeptView['all'];
  readonly graph: Graph;
  readonly view: View;
}

const keyOf = ({ view, options, label }: ViewRequest) =>
  JSON.stringify([view.id, label ?? null, Object.entries(options).sort()]);

function keep<Value>(kept: Map<string, Value>, key: string, value: Value, most: number): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > most && oldest !== undefined) kept.delete(oldest);
}

export function statsOf({ graph, nodes }: View): ViewStats {
  let [nonPseudoNodeCount, edgeCount] = [0, 0];
  for (const { graphNode, flows } of nodes.values()) {
    if (graphNode.pseudo === undefined) nonPseudoNodeCount++;
    edgeCount += flows.size;
  }
  const filteredNodes = graph.nodes.size - nodes.size;
  return { nodeCount: nodes.size, nonPseudoNodeCount, edgeCount, filteredNodes };
}

function sameNodes(
  a: ReadonlyMap<string, RenderedNode>,
  b: ReadonlyMap<string, RenderedNode> | undefined,
): boolean {
  if (a.size !== b?.size) return false;
  for (const [id, node] of a) if (b.get(id) !== node) return false;
  return true;
}

/** The nodes that a query finds; `before` itself if these are the same. */
function findIn({ graph, all }: KeptView, query: string, before: View | undefined): View {
  const matches = compileQuery(query);
  const found = matches === undefined ? all : new Map([...all].filter(([, node]) => matches(node)));
  const isSame = before !== undefined && (found === before.nodes || sameNodes(found, before.nodes));
  const nodes = isSame ? before.nodes : found;
  return isSame && graph === before.graph ? before : { graph, nodes };
}

export function createRenderer(): Renderer {
  const kept = new Map<string, Kept>();
  const graphs = new Map<string, GraphBook>();
  let surroundings: KnownSurroundings | undefined;

  /** Shared by all views of the same nodes, however these are grouped or filtered. */
  const graphOf = (report: Report, view: ViewDefinition, before: Graph | undefined): Graph => {
    const key = JSON.stringify([view.topologies, view.rest]);
    const book = graphs.get(key) ?? new GraphBook();
    graphs.set(key, book);
    surroundings = surroundingsOf(report, surroundings);
    const graph = book.graphOf(report, view, surroundings);
    if (before?.nodes === graph.nodes && before.flows === graph.flows) return before;
    return graph.view === view ? graph : { ...graph, view };
  };

  return {
    render(report, request) {
      const key = keyOf(request);
      const before = kept.get(key);
      const view =
        before?.view.report === report
          ? before.view
          : nextView(report, graphOf(report, request.view, before?.view.base), request, before?.view);
      const queries = before?.queries ?? new Map<string, Asked>();
      keep(kept, key, { view, queries }, maxKeptViews);
      const asked = queries.get(request.query);
      if (asked?.all === view.all && asked.graph === view.graph) return asked.view;
      const found = findIn(view, request.query, asked?.view);
      keep(queries, request.query, { all: view.all, graph: view.graph, view: found }, maxKeptQueries);
      return found;
    },
  };
}
