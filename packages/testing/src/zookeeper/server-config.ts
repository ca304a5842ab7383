/** The lines of zoo.cfg. */
import type { ZooKeeperVersion } from './distribution.ts';
import type { ServerAddress } from './layout.ts';

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

function addressLines(options: ServerConfigOptions): Record<string, string | number> {
  const { self, members, version, config } = options;
  const alone = members.length === 1 && config.standaloneEnabled !== 'false';
  const { clientPort, secureClientPort, observerMasterPort, host } = self;
  return {
    // From 3.5 on, the member's own line carries the client address, and naming it twice is an error.
    ...(version === '3.4' || alone ? { clientPort, clientPortAddress: host } : {}),
    ...(secureClientPort === undefined ? {} : { secureClientPort, secureClientPortAddress: host }),
    ...(observerMasterPort === undefined ? {} : { observerMasterPort }),
    ...(self.role === 'observer' ? { peerType: 'observer' } : {}),
    ...(alone ? {} : Object.fromEntries(members.map((member) => memberLine(member, version)))),
  };
}

/** A member that is alone runs standalone, without a quorum port, unless `standaloneEnabled=false` is among `config`. */
export function serverConfig(options: ServerConfigOptions): string {
  const lines: Record<string, string | number> = {
    tickTime: options.tickTimeMs,
    // In ticks. Long, since a loaded machine must not break a quorum that a test did not want broken.
    initLimit: Math.ceil(15_000 / options.tickTimeMs),
    syncLimit: Math.ceil(10_000 / options.tickTimeMs),
    dataDir: options.dataDir,
    maxClientCnxns: 0,
    maxSessionTimeout: 120_000,
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': '*',
    ...addressLines(options),
    ...options.config,
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
