import { hostname } from 'node:os';

/** What does not change while the probe runs, and where the kernel's files are. */
export interface HostFacts {
  /** Unique among the hosts of one picture; part of the ids of all that is on this host. */
  readonly hostId: string;
  readonly hostName: string;
  /** `/proc`, or where the host's is mounted in the probe's container. */
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly clockTicksPerS: number;
  readonly pageBytes: number;
}

/** Linux tells user programs about time in hundredths of a second on every architecture we run on. */
const linuxUserTicksPerS = 100;

export interface GivenHostFacts {
  /** Default: the host's name. */
  readonly hostId?: string | undefined;
  readonly hostName?: string | undefined;
  readonly procRoot?: string;
  readonly sysRoot?: string;
}

export function hostFacts(given: GivenHostFacts = {}): HostFacts {
  const hostName = given.hostName ?? hostname();
  return {
    hostId: given.hostId ?? hostName,
    hostName,
    procRoot: given.procRoot ?? '/proc',
    sysRoot: given.sysRoot ?? '/sys',
    clockTicksPerS: linuxUserTicksPerS,
    pageBytes: 4096,
  };
}

export const hostNodeId = (host: HostFacts): string => `${host.hostId};<host>`;
export const containerNodeId = (containerId: string): string => `${containerId};<container>`;
export const processNodeId = (host: HostFacts, pid: number): string => `${host.hostId};${pid}`;
