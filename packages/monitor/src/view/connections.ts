/** The connections of one node of a view, one row for each other end and port, in Scope's shape. */
import type { Edge, Report } from '@orchestrator/report';
import { parseEndpoint } from './endpoint.ts';
import type { Graph } from './graph.ts';
import { nodeOf } from './lineage.ts';
import { isInternet, placementOf } from './placement.ts';
import type { RenderedNode } from './summarise.ts';
import type { Surroundings } from './surroundings.ts';

interface Column {
  readonly id: string;
  readonly label: string;
  readonly defaultSort: boolean;
  readonly dataType: string;
}

export interface ConnectionRow {
  readonly id: string;
  readonly nodeId: string;
  readonly label: string;
  readonly labelMinor?: string;
  readonly metadata: readonly { readonly id: string; readonly label: string; readonly value: string }[];
  /** Of the node that was asked about, in what is open now; not part of Scope's shape. */
  readonly sentBytesPerS: number;
  readonly receivedBytesPerS: number;
}

export interface ConnectionTable {
  readonly id: 'incoming-connections' | 'outgoing-connections';
  readonly topologyId: string;
  readonly label: string;
  readonly columns: readonly Column[];
  readonly connections: readonly ConnectionRow[];
}

const maxRows = 2_000;

const port: Column = { id: 'port', label: 'Port', defaultSort: false, dataType: 'number' };
const count: Column = { id: 'count', label: 'Count', defaultSort: true, dataType: 'number' };
const remote: Column = { id: 'remote', label: 'Remote', defaultSort: false, dataType: '' };

interface Sum {
  readonly peer: string;
  /** The address in the internet, on whichever side that is. */
  readonly address: string;
  readonly port: string;
  count: number;
  sentBytesPerS: number;
  receivedBytesPerS: number;
}

/** The same traffic, as it is to the other end. */
const turned = (edge: Edge): Edge => ({
  ...edge,
  ...{ sentBytesPerS: edge.receivedBytesPerS, receivedBytesPerS: edge.sentBytesPerS },
});

/** `name (address)`, if a probe has seen the address be looked up. */
function addressName(report: Report, ip: string): string {
  const names = nodeOf(report, 'dns', ip)?.sets;
  for (const direction of ['forward', 'reverse']) {
    const found = [...(names?.get(direction) ?? [])].filter(([, { value }]) => value === true);
    const [name] = found.map(([text]) => text).sort();
    if (name !== undefined) return `${name} (${ip})`;
  }
  return ip;
}

class ConnectionSums {
  readonly incoming = new Map<string, Sum>();
  readonly outgoing = new Map<string, Sum>();

  add(
    direction: Map<string, Sum>,
    peer: string,
    address: string,
    targetPort: string,
    { connections, opened, sentBytesPerS, receivedBytesPerS }: Edge,
  ): void {
    const key = `${peer} ${address} ${targetPort}`;
    let sum = direction.get(key);
    if (sum === undefined) {
      sum = { peer, address, port: targetPort, count: 0, sentBytesPerS: 0, receivedBytesPerS: 0 };
      direction.set(key, sum);
    }
    sum.count += connections || opened;
    sum.sentBytesPerS += sentBytesPerS;
    sum.receivedBytesPerS += receivedBytesPerS;
  }
}

export interface ConnectionContext {
  readonly report: Report;
  readonly graph: Graph;
  readonly nodes: ReadonlyMap<string, RenderedNode>;
  readonly surroundings: Surroundings;
}

function groupsByMember(graph: Graph): ReadonlyMap<string, string> | undefined {
  const groups = new Map<string, string>();
  for (const { id, group } of graph.nodes.values())
    for (const member of group?.members ?? []) groups.set(member, id);
  return groups.size === 0 ? undefined : groups;
}

function sumOf({ report, graph, surroundings }: ConnectionContext, id: string): ConnectionSums {
  const sums = new ConnectionSums();
  const place = placementOf(report, graph.view, surroundings);
  const groups = groupsByMember(graph);
  const shown = (placed: string) => groups?.get(placed) ?? placed;
  for (const [topology, { nodes }] of report.topologies) {
    for (const [source, node] of nodes) {
      if (node.edges.size === 0) continue;
      const [from] = place(topology, source, true);
      if (from === undefined) continue;
      for (const [target, { value: edge }] of node.edges) {
        const [to] = edge === undefined ? [] : place(topology, target, false);
        if (edge === undefined || to === undefined) continue;
        const [a, b] = [shown(from), shown(to)];
        const [near, far] = [parseEndpoint(source), parseEndpoint(target)];
        const outside = isInternet(b) ? far?.ip : isInternet(a) ? near?.ip : undefined;
        const address = outside === undefined ? '' : addressName(report, outside);
        if (b === id) sums.add(sums.incoming, a, address, far?.port ?? '', turned(edge));
        if (a === id) sums.add(sums.outgoing, b, address, far?.port ?? '', edge);
      }
    }
  }
  return sums;
}

function rowOf(sum: Sum, { nodes }: ConnectionContext, isOutside: boolean): ConnectionRow {
  const { peer, address } = sum;
  const summary = nodes.get(peer)?.summary;
  const [peerAddress, ownAddress] = isOutside ? ['', address] : [address, ''];
  const cells = [
    ...(isOutside ? [{ id: 'remote', label: '', value: address }] : []),
    { id: 'port', label: '', value: sum.port },
    { id: 'count', label: '', value: String(sum.count) },
  ];
  const name = peerAddress === '' ? (summary?.label ?? peer) : peerAddress;
  const minor = peerAddress === '' ? (summary?.labelMinor ?? '') : '';
  return {
    id: `${peer}-${peerAddress}-${ownAddress}-${sum.port}`,
    nodeId: peer,
    label: name,
    ...(minor === '' ? {} : { labelMinor: minor }),
    metadata: cells,
    sentBytesPerS: sum.sentBytesPerS,
    receivedBytesPerS: sum.receivedBytesPerS,
  };
}

export function connectionsOf(context: ConnectionContext, id: string): ConnectionTable[] {
  const sums = sumOf(context, id);
  const isOutside = isInternet(id);
  const columns = isOutside ? [remote, port, count] : [port, count];
  const table = (direction: 'incoming' | 'outgoing', label: string): ConnectionTable => ({
    id: `${direction}-connections`,
    topologyId: context.graph.view.id,
    label,
    columns,
    connections: Array.from(sums[direction].values(), (sum) => rowOf(sum, context, isOutside))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, maxRows),
  });
  return [table('incoming', 'Inbound'), table('outgoing', 'Outbound')];
}
