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

  /** `before` if it is the same; undefined if there are none. */
  flowsOf(from: string, before: Flows | undefined): Flows | undefined {
    const targets = this.#sums.get(from);
    if (targets === undefined) return undefined;
    return sameFlows(targets, before) ? before : new Map([...targets].sort(([a], [b]) => (a < b ? -1 : 1)));
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

/** One edge of the report as part of a view's flow. */
interface Contribution {
  readonly from: string;
  readonly to: string;
  readonly edge: Flow;
}

/** What one end that opened connections adds. */
interface Opened {
  /** Ends at the other side, wherever they are. */
  readonly targets: readonly string[];
  readonly contributions: readonly Contribution[];
}

const nothing: Opened = { targets: [], contributions: [] };
const noSources: ReadonlySet<string> = new Set();

function put(index: Map<string, Set<string>>, key: string, value: string): void {
  const values = index.get(key);
  if (values === undefined) index.set(key, new Set([value]));
  else values.add(value);
}

function drop(index: Map<string, Set<string>>, key: string, value: string): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}

/** Ends of connections, each with the topology it is in. */
export type Ends = Iterable<readonly [topology: string, id: string]>;

/**
 * What flows between the nodes of a view, kept from report to report: an edge that changes touches the flows from one node,
 * and no others.
 */
export class FlowBook {
  table: FlowTable = new Map();
  /** By the end that opened the connections. */
  readonly #opened = new Map<string, Opened>();
  /** Ends that opened connections, by the node they are in. */
  readonly #openers = new Map<string, Set<string>>();
  /** Ends that opened connections, by the end at the other side. */
  readonly #towards = new Map<string, Set<string>>();
  /** Topologies whose nodes have opened connections. */
  readonly #topologies = new Set<string>();

  /** All edges of the report, between the nodes that `place` says. Parts that are the same are kept. */
  rebuild(report: Report, place: Placement): FlowTable {
    for (const known of [this.#opened, this.#openers, this.#towards]) known.clear();
    const touched = new Set(this.table.keys());
    for (const [topology, { nodes }] of report.topologies) {
      for (const [id, node] of nodes) if (node.edges.size > 0) this.#read(topology, id, node, place, touched);
    }
    return this.#sum(touched);
  }

  /** Only the edges from and to some ends are looked at again. */
  update(report: Report, place: Placement, ends: Ends): FlowTable {
    const openers = new Map<string, readonly [topology: string, id: string]>();
    for (const [topology, id] of ends) {
      const isEnd = this.#topologies.has(topology);
      if (!isEnd && report.topologies.get(topology)?.nodes.get(id)?.edges.size === 0) continue;
      const key = `${topology}\n${id}`;
      openers.set(key, [topology, id]);
      for (const opener of this.#towards.get(key) ?? noSources) {
        openers.set(opener, [topology, opener.slice(topology.length + 1)]);
      }
    }
    const touched = new Set<string>();
    for (const [topology, id] of openers.values()) {
      const node = report.topologies.get(topology)?.nodes.get(id);
      this.#read(topology, id, node, place, touched);
    }
    return this.#sum(touched);
  }

  #read(
    topology: string,
    id: string,
    node: ReportNode | undefined,
    place: Placement,
    touched: Set<string>,
  ): void {
    const key = `${topology}\n${id}`;
    const before = this.#opened.get(key) ?? nothing;
    for (const target of before.targets) drop(this.#towards, target, key);
    for (const { from } of before.contributions) {
      drop(this.#openers, from, key);
      touched.add(from);
    }
    this.#opened.delete(key);
    if (node === undefined || node.edges.size === 0) return;
    this.#topologies.add(topology);
    const targets: string[] = [];
    const contributions: Contribution[] = [];
    const sources = place(topology, id, true);
    for (const [target, { value: edge }] of node.edges) {
      if (edge === undefined) continue;
      // Whoever is nowhere now may be somewhere when the other end becomes known.
      targets.push(`${topology}\n${target}`);
      for (const to of sources.length === 0 ? [] : place(topology, target, false)) {
        for (const from of sources) contributions.push({ from, to, edge });
      }
    }
    this.#opened.set(key, { targets, contributions });
    for (const target of targets) put(this.#towards, target, key);
    for (const { from } of contributions) {
      put(this.#openers, from, key);
      touched.add(from);
    }
  }

  /** The flows from some nodes anew. */
  #sum(touched: ReadonlySet<string>): FlowTable {
    let table: Map<string, Flows> | undefined;
    for (const from of touched) {
      const sum = new FlowSum();
      for (const key of this.#openers.get(from) ?? noSources) {
        for (const contribution of this.#opened.get(key)?.contributions ?? []) {
          if (contribution.from === from) sum.add(from, contribution.to, contribution.edge);
        }
      }
      const before = this.table.get(from);
      const now = sum.flowsOf(from, before);
      if (now === before) continue;
      table ??= new Map(this.table);
      if (now === undefined) table.delete(from);
      else table.set(from, now);
    }
    if (table !== undefined) this.table = table;
    return this.table;
  }
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
