/** Where a master listens, and what it tells others of it. */
import { lookupService } from 'node:dns/promises';
import { type FlagReader, type Flags, loopback, ownAddress, withinLookupTime } from '@orchestrator/mesos';

export interface MasterAddress {
  /** Listened on. */
  readonly ip: string;
  readonly port: number;
  /** Told to agents, frameworks and other masters, through ZooKeeper too. */
  readonly advertisedIp: string;
  readonly advertisedPort: number;
  /** In redirects and MasterInfo. */
  readonly hostname: string;
}

async function hostnameOf(ip: string, isLookedUp: boolean): Promise<string> {
  if (!isLookedUp) return ip;
  if (ip === loopback) return 'localhost';
  return (await withinLookupTime(lookupService(ip, 0)))?.hostname ?? ip;
}

/** @throws MesosError `invalid` */
export async function readAddress(flags: Flags, read: FlagReader): Promise<MasterAddress> {
  const { ip, advertisedIp } = await ownAddress(flags);
  const port = read.port('port');
  return {
    ...{ ip, port, advertisedIp },
    advertisedPort: read.text('advertise_port') === undefined ? port : read.port('advertise_port'),
    hostname: read.text('hostname') ?? (await hostnameOf(advertisedIp, read.yes('hostname_lookup'))),
  };
}
