/** Where an agent listens, and what it tells others of it: found out before its configuration is read. */
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { Flags } from '@orchestrator/mesos';
import { AgentError, reasonOf } from './errors.ts';

const everywhere = '0.0.0.0';
const loopback = '127.0.0.1';
const discoveryTimeoutMs = 10_000;

async function discover(command: string): Promise<string> {
  const run = promisify(execFile)('/bin/sh', ['-c', command], { timeout: discoveryTimeoutMs });
  const { stdout } = await run.catch((cause: unknown) => {
    throw new AgentError('Config', `--ip_discovery_command "${command}" failed: ${reasonOf(cause)}`, {
      cause,
    });
  });
  const ip = stdout.trim();
  if (isIPv4(ip)) return ip;
  throw new AgentError(
    'Config',
    `--ip_discovery_command "${command}" says "${ip}", which is no IPv4 address`,
  );
}

/** An address of this machine that others can reach: the one its name stands for, else the first of its interfaces. */
async function reachableIp(): Promise<string> {
  const named = await lookup(hostname(), { family: 4 }).catch(() => undefined); // a machine may have no name
  if (named !== undefined && !named.address.startsWith('127.')) return named.address;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? loopback;
}

/**
 * The flags with `ip`, `advertise_ip` and `hostname` as far as others say what they are.
 *
 * @throws AgentError `Config`
 */
export async function withAddress(flags: Flags): Promise<Flags> {
  const { ip: given, ip_discovery_command: command, hostname_lookup: isLookedUp } = flags;
  if (given !== undefined && command !== undefined)
    throw new AgentError('Config', '--ip and --ip_discovery_command are both given; give one of them');
  const ip = command === undefined ? given : await discover(command);
  const otherwise = ip === everywhere ? await reachableIp() : undefined;
  const advertised = flags.advertise_ip ?? otherwise;
  return {
    ...(isLookedUp === 'false' && { hostname: advertised ?? ip ?? loopback }),
    ...flags,
    ...(ip !== undefined && { ip }),
    ...(advertised !== undefined && { advertise_ip: advertised }),
  };
}
