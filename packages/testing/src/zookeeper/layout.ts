/** Which server of an ensemble is where. */
import { TestingError } from '../errors.ts';
import { freePorts } from '../free-ports.ts';

export interface ServerAddress {
  id: number;
  /** An address that the servers and their clients reach it by. */
  host: string;
  clientPort: number;
  quorumPort: number;
  electionPort: number;
  secureClientPort?: number;
  /** Where a follower serves observers, in place of the leader. */
  observerMasterPort?: number;
  /** Votes, or only follows the leader. */
  role: 'participant' | 'observer';
  /** Put before its command; see `NetworkHost`. */
  wrapper: readonly string[];
}

export interface LayoutOptions {
  servers: number;
  observers: number;
  /** Where the servers go, in turn. */
  hosts: readonly { address: string; wrapper: readonly string[] }[];
  secureClientPort: boolean;
  observerMasterPort: boolean;
}

const portsPerServer = 4;

/** @throws TestingError `InvalidOption` without a voting server */
export async function layOut(options: LayoutOptions): Promise<ServerAddress[]> {
  const { servers, observers, hosts } = options;
  if (servers < 1) throw new TestingError('InvalidOption', `an ensemble of ${servers} servers cannot elect`);
  const ports = await freePorts(portsPerServer * (servers + observers) + 1);
  const observerMasterPort = ports.pop() ?? 0;
  const nextPort = () => ports.pop() ?? 0;
  return Array.from({ length: servers + observers }, (_, index): ServerAddress => {
    const loopback = { address: `127.0.0.${options.observerMasterPort ? index + 1 : 1}`, wrapper: [] };
    const host = hosts[index % hosts.length] ?? loopback;
    return {
      id: index + 1,
      host: host.address,
      wrapper: host.wrapper,
      clientPort: nextPort(),
      quorumPort: nextPort(),
      electionPort: nextPort(),
      ...(options.secureClientPort ? { secureClientPort: nextPort() } : {}),
      ...(options.observerMasterPort ? { observerMasterPort } : {}),
      role: index < servers ? 'participant' : 'observer',
    };
  });
}
