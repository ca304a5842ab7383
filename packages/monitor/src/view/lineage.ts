/** What is part of what: from a connection's end to its process, its container, its host and so on. */
import type { Report, ReportNode } from '@orchestrator/report';
import { type Endpoint, parseEndpoint } from './endpoint.ts';

/** Endpoint, process, container, pod, controller: nothing is nested deeper. */
const deepest = 5;

export const textOf = (node: ReportNode | undefined, key: string): string =>
  node?.latest.get(key)?.value ?? '';

export function nodeOf(report: Report, topology: string, id: string): ReportNode | undefined {
  return report.topologies.get(topology)?.nodes.get(id);
}

/** Ids of `node`'s parents in a topology, as far as they are there. */
export function* parentsIn(report: Report, node: ReportNode, topology: string): Generator<string> {
  for (const [id, leaf] of node.parents.get(topology) ?? []) {
    if (leaf.value === true && nodeOf(report, topology, id) !== undefined) yield id;
  }
}

/** Containers and pods by the addresses that connections end at: `scope;ip`. */
export function addressesOf(report: Report): ReadonlyMap<string, readonly [topology: string, id: string]> {
  const owners = new Map<string, readonly [string, string]>();
  for (const [id, node] of report.topologies.get('pod')?.nodes ?? []) {
    const ip = textOf(node, 'kubernetes_ip');
    if (ip !== '') owners.set(`;${ip}`, ['pod', id]);
  }
  for (const [id, node] of report.topologies.get('container')?.nodes ?? []) {
    // Of the host's own network every container has the same addresses.
    if (textOf(node, 'docker_container_network_mode') === 'host') continue;
    for (const [address, leaf] of node.sets.get('docker_container_ips_with_scopes') ?? []) {
      if (leaf.value === true) owners.set(address, ['container', id]);
    }
  }
  return owners;
}

export type Addresses = ReturnType<typeof addressesOf>;

/** The process that a connection's end says it belongs to; it may not be there. */
export function processIdOf(node: ReportNode): string | undefined {
  const [pid, host] = [textOf(node, 'pid'), textOf(node, 'host_node_id')];
  return pid === '' || host === '' ? undefined : `${host.split(';', 1)[0]};${pid}`;
}

function upward(
  report: Report,
  addresses: Addresses,
  topology: string,
  endpoint: Endpoint | undefined,
  node: ReportNode | undefined,
): (readonly [string, string])[] {
  const above: (readonly [string, string])[] = [];
  if (node !== undefined) {
    for (const name of node.parents.keys()) {
      if (name !== 'host' && name !== topology)
        for (const id of parentsIn(report, node, name)) above.push([name, id]);
    }
    const process = topology === 'endpoint' ? processIdOf(node) : undefined;
    if (process !== undefined && nodeOf(report, 'process', process) !== undefined)
      above.push(['process', process]);
  }
  const owner = endpoint === undefined ? undefined : addresses.get(`${endpoint.scope};${endpoint.ip}`);
  if (owner !== undefined) above.push(owner);
  return above;
}

/**
 * Ids of the nodes of `wanted` that a node is part of; itself if it is one. The node need not be in the report: the far end
 * of a connection may be known by its address only.
 */
export function ancestorsOf(
  report: Report,
  addresses: Addresses,
  topology: string,
  id: string,
  wanted: string,
  depth = 0,
): readonly string[] {
  if (topology === wanted) return nodeOf(report, topology, id) === undefined ? [] : [id];
  if (depth >= deepest) return [];
  const node = nodeOf(report, topology, id);
  const direct = node === undefined ? [] : [...parentsIn(report, node, wanted)];
  if (direct.length > 0) return direct;
  if (wanted === 'host') {
    const host = textOf(node, 'host_node_id');
    if (nodeOf(report, 'host', host) !== undefined) return [host];
  }
  const endpoint = topology === 'endpoint' ? parseEndpoint(id) : undefined;
  for (const [name, above] of upward(report, addresses, topology, endpoint, node)) {
    const found = ancestorsOf(report, addresses, name, above, wanted, depth + 1);
    if (found.length > 0) return found;
  }
  return [];
}
