/** Who talks with whom, summed up to the nodes of a view. */
import type { Report, ReportNode } from '@orchestrator/report';

/** All that goes from one node of a view to another one. Rates are of what connections do now. */
export interface Flow {
  /** Open now. */
  readonly connections: number;
  readonly sentBytesPerS: number;
  readonly receivedBytesPerS: number;
}

/** By the id of the node at the other end, sorted by it. */
export type Flows = ReadonlyMap<string, Flow>;
export type FlowTable = ReadonlyMap<string, Flows>;

/** Which nodes of a view an end of a connection belongs to. `opens`: it is the end that opened it. */
export type Placement = (topology: string, id: string, opens: boolean) => readonly string[];

const sameFlow = (a: Flow, b: Flow | undefined) =>
  b !== undefined &&
  a.connections === b.connections &&
  a.sentBytesPerS === b.sentBytesPerS &&
  a.receivedBytesPerS === b.receivedBytesPerS;

function sameFlows(a: Flows, b: Flows | undefined): b is Flows {
  if (b === undefined || a.size !== b.size) return false;
  for (const [id, flow] of a) if (!sameFlow(flow, b.get(id))) return false;
  return true;
}

interface Sum {
  connections: number;
  sentBytesPerS: number;
  receivedBytesPerS: number;
}

class FlowSum {
  readonly #sums = new Map<string, Map<string, Sum>>();

  add(from: string, to: string, edge: Flow): void {
    let targets = this.#sums.get(from);
    if (targets === undefined) {
      targets = new Map();
      this.#sums.set(from, targets);
    }
    const sum = targets.get(to);
    if (sum === undefined) {
      const { connections, sentBytesPerS, receivedBytesPerS } = edge;
      targets.set(to, { connections, sentBytesPerS, receivedBytesPerS });
      return;
    }
    sum.connections += edge.connections;
    sum.sentBytesPerS += edge.sentBytesPerS;
    sum.receivedBytesPerS += edge.receivedBytesPerS;
  }

  table(before: FlowTable): FlowTable {
    const table = new Map<string, Flows>();
    let same = this.#sums.size === before.size;
    for (const [from, targets] of this.#sums) {
      const known = before.get(from);
      if (sameFlows(targets, known)) table.set(from, known);
      else {
        same = false;
        table.set(from, new Map([...targets].sort(([a], [b]) => (a < b ? -1 : 1))));
      }
    }
    return same ? before : table;
  }
}

function addEdges(sum: FlowSum, topology: string, id: string, node: ReportNode, place: Placement): void {
  let sources: readonly string[] | undefined;
  for (const [target, { value: edge }] of node.edges) {
    if (edge === undefined) continue;
    sources ??= place(topology, id, true);
    if (sources.length === 0) return;
    for (const to of place(topology, target, false)) for (const from of sources) sum.add(from, to, edge);
  }
}

/** The edges of all topologies, between the nodes that `place` says. Parts of `before` that are the same are kept. */
export function sumFlows(report: Report, place: Placement, before: FlowTable): FlowTable {
  const sum = new FlowSum();
  for (const [topology, { nodes }] of report.topologies) {
    for (const [id, node] of nodes) if (node.edges.size > 0) addEdges(sum, topology, id, node, place);
  }
  return sum.table(before);
}

/** The same flows between groups of the nodes. */
export function groupFlows(
  table: FlowTable,
  groupsOf: (id: string) => readonly string[],
  before: FlowTable,
): FlowTable {
  const sum = new FlowSum();
  for (const [from, targets] of table) {
    for (const [to, flow] of targets) {
      for (const source of groupsOf(from)) for (const target of groupsOf(to)) sum.add(source, target, flow);
    }
  }
  return sum.table(before);
}
