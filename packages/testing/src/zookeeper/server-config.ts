/** The lines of zoo.cfg. */
import type { ZooKeeperVersion } from './distribution.ts';

export interface ServerAddress {
  id: number;
  /** An address or a name that the servers and clients reach it by. */
  host: string;
  clientPort: number;
  quorumPort: number;
  electionPort: number;
  /** Votes, or only follows the leader. */
  role: 'participant' | 'observer';
}

export interface ServerConfigOptions {
  self: ServerAddress;
  members: readonly ServerAddress[];
  version: ZooKeeperVersion;
  dataDir: string;
  tickTimeMs: number;
  /** Further lines, or others in place of those written here. */
  config: Readonly<Record<string, string>>;
}

function memberLine(member: ServerAddress, version: ZooKeeperVersion): [string, string] {
  const { id, host, quorumPort, electionPort, role, clientPort } = member;
  const peer = `${host}:${quorumPort}:${electionPort}`;
  if (version === '3.4') return [`server.${id}`, role === 'observer' ? `${peer}:observer` : peer];
  return [`server.${id}`, `${peer}:${role};${host}:${clientPort}`];
}

/** A member that is alone runs standalone, without a quorum port, unless `standaloneEnabled=false` is among `config`. */
export function serverConfig(options: ServerConfigOptions): string {
  const { self, members, version, config } = options;
  const alone = members.length === 1 && config.standaloneEnabled !== 'false';
  // From 3.5 on, the member's own line carries the client address, and naming it twice is an error.
  const ownAddress =
    version === '3.4' || alone ? { clientPort: self.clientPort, clientPortAddress: self.host } : {};
  const lines: Record<string, string | number> = {
    tickTime: options.tickTimeMs,
    // In ticks. Long, since a loaded machine must not break a quorum that a test did not want broken.
    initLimit: Math.ceil(30_000 / options.tickTimeMs),
    syncLimit: Math.ceil(10_000 / options.tickTimeMs),
    dataDir: options.dataDir,
    maxClientCnxns: 0,
    maxSessionTimeout: 120_000,
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': '*',
    ...ownAddress,
    ...(self.role === 'observer' ? { peerType: 'observer' } : {}),
    ...(alone ? {} : Object.fromEntries(members.map((member) => memberLine(member, version)))),
    ...config,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
