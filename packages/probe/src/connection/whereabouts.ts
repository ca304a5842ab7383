import { type Address, isLoopback } from './address.ts';
import type { Flows } from './flows.ts';
import { type Listeners, sideOf } from './listeners.ts';
import type { Networks } from './networks.ts';
import type { Places } from './places.ts';
import type { SeenSocket } from './sockets.ts';

export interface WhereaboutsOptions {
  readonly places: Places;
  readonly networks: () => Networks;
  readonly flows: Flows;
  readonly listeners: Listeners;
}

/** Where the ends of connections are, and which end is which. */
export function createWhereabouts({ places, networks, flows, listeners }: WhereaboutsOptions) {
  /** Where an address is, if it is on this host; `within` is the namespace of loopback addresses. */
  const namespaceOf = (ip: string, within: string | undefined): string | undefined => {
    if (isLoopback(ip)) return within;
    return places.atAddress(ip)?.namespace ?? (networks().isOwn(ip) ? places.ownNamespace : undefined);
  };

  /** Who listens on an address, where somebody has looked. */
  const listenerAt = (protocol: string, address: Address, within: string | undefined) => {
    const namespace = namespaceOf(address.ip, within);
    return namespace === undefined ? undefined : listeners.at(namespace, protocol, address);
  };

  /** Whether a socket of a namespace is the end that has opened its connection, or the one that has accepted it. */
  const sideIn = (namespace: string, { protocol, local, remote }: SeenSocket): 'client' | 'server' => {
    const asClient = flows.known(protocol, local, remote, namespace);
    const asServer = flows.known(protocol, remote, local, namespace);
    if (asClient?.isTracked === true) return 'client';
    if (asServer?.isTracked === true) return 'server';
    return sideOf({
      local,
      remote,
      isLocalListening: listeners.at(namespace, protocol, local) !== undefined,
      isRemoteListening: listenerAt(protocol, remote, namespace) !== undefined,
      isRemoteHere: namespaceOf(remote.ip, namespace) !== undefined,
      known: asClient !== undefined ? 'client' : asServer !== undefined ? 'server' : undefined,
    });
  };

  return { namespaceOf, listenerAt, sideIn };
}

export type Whereabouts = ReturnType<typeof createWhereabouts>;
