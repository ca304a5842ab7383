import type { Edge, Sighting } from '@orchestrator/report';
import { containerNodeId, type HostFacts, hostNodeId, processNodeId } from '../host/facts.ts';
import { isLoopback } from './address.ts';
import type { End, FlowEdge } from './edges.ts';
import type { Networks } from './networks.ts';
import type { Place, Places } from './places.ts';

/**
 * `scope;address;port`, the form of Scope. Scope is empty for addresses that mean the same everywhere, the host for those of
 * its bridges, host and namespace for loopback. Port 0 stands for all connections that are opened from there, with the
 * process if that is known.
 */
export function endpointId(host: HostFacts, networks: Networks, { ip, port, namespace, pid }: End): string {
  const scope = isLoopback(ip)
    ? `${host.hostId}-${(namespace ?? '').replace(/\D/g, '')}`
    : networks.isLocal(ip)
      ? host.hostId
      : '';
  const name = port !== 0 ? String(port) : pid === undefined ? '0' : `0.${pid}`;
  return `${scope};${ip};${name}`;
}

export interface EndpointContext {
  readonly host: HostFacts;
  readonly networks: Networks;
  readonly places: Places;
}

/** The container of an end. Of a network that containers share it is told by the process alone. */
function placeOf({ places }: EndpointContext, { ip, namespace, pid }: End): Place | undefined {
  const place =
    places.atAddress(ip) ?? (namespace === undefined ? undefined : places.namespaces().get(namespace));
  return pid !== undefined && places.isShared(place?.namespace) ? undefined : place;
}

function sightingOf(context: EndpointContext, end: End, protocol: string): Sighting {
  const { host, networks } = context;
  const place = placeOf(context, end);
  const isHere = place !== undefined || networks.isOwn(end.ip) || isLoopback(end.ip);
  return {
    latest: {
      address: end.ip,
      port: end.port === 0 ? undefined : String(end.port),
      protocol,
      pid: end.pid === undefined ? undefined : String(end.pid),
      host_node_id: isHere ? hostNodeId(host) : undefined,
    },
    parents: {
      ...(isHere ? { host: [hostNodeId(host)] } : {}),
      ...(place === undefined ? {} : { container: [containerNodeId(place.containerId)] }),
      ...(end.pid === undefined ? {} : { process: [processNodeId(host, end.pid)] }),
    },
  };
}

/**
 * The kernel remembers for days what networks that are gone have left without a word; and what only passes through a host is not
 * what it does.
 */
const isHere = ({ networks, places }: EndpointContext, { ip }: End) =>
  isLoopback(ip) || networks.isAttached(ip) || places.atAddress(ip) !== undefined;

/** Nodes of all ends of `edges`: who opens, who listens, and the addresses under which those who listen are known. */
export function endpointNodes(context: EndpointContext, edges: readonly FlowEdge[]): Map<string, Sighting> {
  const nodes = new Map<string, Sighting>();
  for (const { protocol, client, server, asked, edge } of edges) {
    if (!isHere(context, client) && !isHere(context, server)) continue;
    const clientId = endpointId(context.host, context.networks, client);
    const serverId = endpointId(context.host, context.networks, server);
    if (!nodes.has(serverId) || server.pid !== undefined)
      nodes.set(serverId, { ...nodes.get(serverId), ...sightingOf(context, server, protocol) });
    const before = nodes.get(clientId) ?? sightingOf(context, client, protocol);
    nodes.set(clientId, { ...before, edges: new Map<string, Edge>(before.edges).set(serverId, edge) });
    if (asked === undefined) continue;
    const alias: End = { ...asked, namespace: client.namespace, pid: undefined };
    const aliasId = endpointId(context.host, context.networks, alias);
    const sighting = sightingOf(context, alias, protocol);
    nodes.set(aliasId, {
      ...nodes.get(aliasId),
      ...sighting,
      latest: { ...sighting.latest, copy_of: serverId },
    });
  }
  return nodes;
}
