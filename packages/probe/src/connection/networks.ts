import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import { readKernelFile } from '../procfs/read.ts';
import type { Places } from './places.ts';

/** Networks that the probe's host is on, and which of them are its own: bridges with containers. */
export interface Networks {
  /** An address of this host. */
  isOwn(ip: string): boolean;
  /** An address that means something else on another host. */
  isLocal(ip: string): boolean;
  /** An address of a network that this host is on. */
  isAttached(ip: string): boolean;
}

const familyOf = (ip: string) => (ip.includes(':') ? 'ipv6' : 'ipv4');

/** Every container's interface on the host has an IPv6 address of this kind, which is good for nothing here. */
const linkLocal = 'fe80';

function networksOf(containers: readonly string[]): Networks {
  const own = new Set<string>();
  const local = new BlockList();
  const attached = new BlockList();
  for (const address of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    own.add(address.address);
    const prefix = Number(address.cidr?.split('/')[1] ?? Number.NaN);
    if (Number.isNaN(prefix) || address.address.startsWith(linkLocal)) continue;
    const network = new BlockList();
    for (const list of [network, attached])
      list.addSubnet(address.address, prefix, familyOf(address.address));
    if (containers.some((ip) => network.check(ip, familyOf(ip))))
      local.addSubnet(address.address, prefix, familyOf(address.address));
  }
  return {
    isOwn: (ip) => own.has(ip),
    isLocal: (ip) => local.check(ip, familyOf(ip)),
    isAttached: (ip) => own.has(ip) || attached.check(ip, familyOf(ip)),
  };
}

/**
 * `places` tells which networks have containers. To ask for all interfaces takes milliseconds where there are many containers, so
 * it is done when the kernel's own lists of addresses have changed.
 */
export function networksReader(procRoot: string, places: Places): () => Networks {
  let known: { readonly of: string; readonly networks: Networks } | undefined;
  return () => {
    const containers = [...places.namespaces().values()].flatMap((place) => place.addresses);
    const v4 = readKernelFile(`${procRoot}/self/net/fib_trie`) ?? '';
    const v6 = (readKernelFile(`${procRoot}/self/net/if_inet6`) ?? '')
      .split('\n')
      .filter((line) => !line.startsWith(linkLocal));
    const of = [v4, ...v6, ...containers].join();
    if (known?.of !== of) known = { of, networks: networksOf(containers) };
    return known.networks;
  };
}
