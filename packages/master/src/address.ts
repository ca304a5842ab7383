/** Where a master listens, and what it tells others of it. */
import { execFile } from 'node:child_process';
import { lookup, lookupService } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { networkInterfaces, hostname as ownHostname } from 'node:os';
import { promisify } from 'node:util';
import type { FlagReader } from '@orchestrator/mesos';
import { systemClock } from '@orchestrator/runtime';
import { MasterError } from './errors.ts';

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

const loopback = '127.0.0.1';
const everywhere = '0.0.0.0';
const lookupTimeoutMs = 2_000;
const discoveryTimeoutMs = 10_000;

const isLoopback = (ip: string) => ip.startsWith('127.');

function checkIp(flag: string, ip: string): string {
  if (isIPv4(ip)) return ip;
  throw new MasterError('config', `${flag} is "${ip}", not an IPv4 address`, {
    remedy: 'MasterInfo, which agents and frameworks read, holds IPv4 addresses only',
  });
}

async function discover(command: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { timeout: discoveryTimeoutMs });
    return checkIp('the answer of --ip_discovery_command', stdout.trim());
  } catch (cause) {
    if (cause instanceof MasterError) throw cause;
    throw new MasterError('config', `--ip_discovery_command "${command}" failed`, { cause });
  }
}

/** A resolver that does not answer in time, or has no answer, is no reason not to start: then undefined. */
function within<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  return new Promise((resolve) => {
    const timer = systemClock.after(lookupTimeoutMs, () => resolve(undefined), { background: true });
    answer.then(resolve, () => resolve(undefined)).finally(() => timer.cancel());
  });
}

/** An address of this machine that others can reach: the one its name stands for, else the first of its interfaces. */
async function reachableIp(): Promise<string> {
  const named = await within(lookup(ownHostname(), { family: 4 }));
  if (named !== undefined && !isLoopback(named.address)) return named.address;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? loopback;
}

async function hostnameOf(ip: string, isLookedUp: boolean): Promise<string> {
  if (!isLookedUp) return ip;
  if (ip === loopback) return 'localhost';
  return (await within(lookupService(ip, 0)))?.hostname ?? ip;
}

/**
 * Without `ip`: loopback, so that nobody can reach a cluster that nobody has secured. With `ip=0.0.0.0`: every address,
 * and others are told one that they can reach.
 *
 * @throws MasterError `config`
 */
export async function readAddress(read: FlagReader): Promise<MasterAddress> {
  const [given, command] = [read.text('ip'), read.text('ip_discovery_command')];
  if (given !== undefined && command !== undefined) {
    throw new MasterError('config', '--ip and --ip_discovery_command are both given', {
      remedy: 'give one of them',
    });
  }
  const ip = command === undefined ? checkIp('flag --ip', given ?? loopback) : await discover(command);
  const advertised = read.text('advertise_ip');
  const otherwise = ip === everywhere ? await reachableIp() : ip;
  const advertisedIp = advertised === undefined ? otherwise : checkIp('flag --advertise_ip', advertised);
  const port = read.port('port');
  return {
    ...{ ip, port, advertisedIp },
    advertisedPort: read.text('advertise_port') === undefined ? port : read.port('advertise_port'),
    hostname: read.text('hostname') ?? (await hostnameOf(advertisedIp, read.yes('hostname_lookup'))),
  };
}
