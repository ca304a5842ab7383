import { readLink } from '../procfs/read.ts';

/** A container as far as its network goes. */
export interface Place {
  readonly containerId: string;
  readonly name: string;
  /** Its first process; others of its network namespace can be reached through it. */
  readonly pid: number;
  readonly addresses: readonly string[];
  readonly namespace: string | undefined;
}

/** Which container has which address and which network namespace. Sources of containers write it. */
export interface Places {
  put(place: Omit<Place, 'namespace'>): void;
  remove(containerId: string): void;
  named(name: string): Place | undefined;
  atAddress(ip: string): Place | undefined;
  /** One container for each network namespace that is not the probe's own. */
  namespaces(): ReadonlyMap<string, Place>;
  /** True for a network namespace that several containers are in. */
  isShared(namespace: string | undefined): boolean;
  readonly ownNamespace: string;
}

export function createPlaces(procRoot: string): Places {
  const places = new Map<string, Place>();
  const addresses = new Map<string, string>();
  const names = new Map<string, string>();
  /** How many containers each network namespace has. */
  const members = new Map<string, number>();
  const ownNamespace = readLink(`${procRoot}/self/ns/net`) ?? 'own';

  const count = (namespace: string | undefined, change: number) => {
    if (namespace === undefined) return;
    const after = (members.get(namespace) ?? 0) + change;
    if (after === 0) members.delete(namespace);
    else members.set(namespace, after);
  };

  const remove = (containerId: string) => {
    const place = places.get(containerId);
    count(place?.namespace, -1);
    if (place !== undefined && names.get(place.name) === containerId) names.delete(place.name);
    for (const ip of place?.addresses ?? []) {
      if (addresses.get(ip) === containerId) addresses.delete(ip);
    }
    places.delete(containerId);
  };

  return {
    ownNamespace,
    put(place) {
      const before = places.get(place.containerId);
      const same =
        before !== undefined &&
        before.pid === place.pid &&
        before.name === place.name &&
        before.addresses.join() === place.addresses.join();
      if (same) return;
      remove(place.containerId);
      if (place.pid === 0) return;
      const namespace = readLink(`${procRoot}/${place.pid}/ns/net`);
      places.set(place.containerId, { ...place, namespace });
      count(namespace, 1);
      names.set(place.name, place.containerId);
      for (const ip of place.addresses) addresses.set(ip, place.containerId);
    },
    remove,
    isShared: (namespace) => namespace !== undefined && (members.get(namespace) ?? 0) > 1,
    named: (name) => places.get(names.get(name) ?? ''),
    atAddress: (ip) => places.get(addresses.get(ip) ?? ''),
    namespaces() {
      const found = new Map<string, Place>();
      for (const place of places.values()) {
        const { namespace } = place;
        if (namespace === undefined || namespace === ownNamespace || found.has(namespace)) continue;
        found.set(namespace, place);
      }
      return found;
    },
  };
}
