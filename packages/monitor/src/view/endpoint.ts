import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Report } from '@orchestrator/report';

/** An end of a connection. Its id in a report is `scope;address;port`. */
export interface Endpoint {
  /** Where the address means something: a host and network namespace for loopback, a host for bridges, else empty. */
  readonly scope: string;
  readonly ip: string;
  readonly port: string;
}

export function parseEndpoint(id: string): Endpoint | undefined {
  const last = id.lastIndexOf(';');
  const middle = id.lastIndexOf(';', last - 1);
  if (middle < 0) return undefined;
  return { scope: id.slice(0, middle), ip: id.slice(middle + 1, last), port: id.slice(last + 1) };
}

/** Loopback, link-local, and what is nobody's own: unspecified, multicast, broadcast. */
const alwaysLocal = [
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['::1', 128],
  ['fe80::', 10],
  ['0.0.0.0', 8],
  ['::', 128],
  ['224.0.0.0', 4],
  ['ff00::', 8],
  ['255.255.255.255', 32],
] as const;

function blockListOf(networks: Iterable<string>): BlockList {
  const list = new BlockList();
  const add = (ip: string, bits: number) => list.addSubnet(ip, bits, isIPv6(ip) ? 'ipv6' : 'ipv4');
  for (const [ip, bits] of alwaysLocal) add(ip, bits);
  for (const network of networks) {
    const [ip = '', bits = ''] = network.split('/', 2);
    const width = Number(bits);
    // A default route is no sign of nearness.
    if (isIP(ip) !== 0 && bits !== '' && width > 0 && width <= (isIPv6(ip) ? 128 : 32)) add(ip, width);
  }
  return list;
}

function* localNetworks(report: Report): Generator<string> {
  for (const topology of ['host', 'overlay', 'kubernetes_cluster']) {
    for (const node of report.topologies.get(topology)?.nodes.values() ?? []) {
      for (const [network, leaf] of node.sets.get('local_networks') ?? [])
        if (leaf.value === true) yield network;
    }
  }
}

/** Whether an address is one of the networks that the hosts are in, or else the internet's. */
export interface Neighbourhood {
  isLocal(ip: string): boolean;
  /** Of the networks; equal for equal networks. */
  readonly key: string;
}

export function neighbourhoodOf(report: Report, before?: Neighbourhood): Neighbourhood {
  const networks = [...new Set(localNetworks(report))].sort();
  const key = networks.join(' ');
  if (before?.key === key) return before;
  const list = blockListOf(networks);
  const known = new Map<string, boolean>();
  return {
    key,
    isLocal(ip) {
      const answer = known.get(ip);
      if (answer !== undefined) return answer;
      const family = isIP(ip);
      const local = family !== 0 && list.check(ip, family === 6 ? 'ipv6' : 'ipv4');
      // What is asked for are the addresses of the report, but they come and go.
      if (known.size > 100_000) known.clear();
      known.set(ip, local);
      return local;
    },
  };
}
