/** The addresses of this machine, as `--ip`, `--ip_discovery_command` and `--advertise_ip` say them. */
import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { systemClock } from '@orchestrator/runtime';
import { MesosError } from '../errors.ts';
import type { Flags } from './flag-table.ts';

const everywhere = '0.0.0.0';
export const loopback = '127.0.0.1';
const lookupTimeoutMs = 2_000;
const discoveryTimeoutMs = 10_000;

export interface OwnAddress {
  /** Listened on. */
  readonly ip: string;
  /** What others are told. */
  readonly advertisedIp: string;
}

/**
 * Without `ip`: loopback, so that nobody can reach what nobody has secured. With `ip=0.0.0.0`: every address, and others are
 * told one that they can reach.
 *
 * @throws MesosError `invalid`
 */
export async function ownAddress(flags: Flags): Promise<OwnAddress> {
  const { ip: given, ip_discovery_command: command, advertise_ip: advertised } = flags;
  if (given && command) {
    const remedy = 'give one of them';
    throw new MesosError('--ip and --ip_discovery_command are both given', { code: 'invalid', remedy });
  }
  const ip = command ? await discover(command) : checkIp('flag --ip', given || loopback);
  if (advertised) return { ip, advertisedIp: checkIp('flag --advertise_ip', advertised) };
  return { ip, advertisedIp: ip === everywhere ? await reachableIp() : ip };
}

function checkIp(what: string, ip: string): string {
  if (isIPv4(ip)) return ip;
  throw new MesosError(`${what} is "${ip}", not an IPv4 address`, {
    code: 'invalid',
    remedy: 'give an IPv4 address: messages of Mesos hold no others',
  });
}

async function discover(command: string): Promise<string> {
  const run = promisify(execFile)('/bin/sh', ['-c', command], { timeout: discoveryTimeoutMs });
  const { stdout } = await run.catch((cause: unknown) => {
    throw new MesosError(`--ip_discovery_command "${command}" failed`, {
      ...{ code: 'invalid', cause },
      remedy: 'give a command that prints an IPv4 address and ends with 0, within 10 s',
    });
  });
  return checkIp('the answer of --ip_discovery_command', stdout.trim());
}

/** One that others can reach: the one that the machine's name stands for, else the first of its interfaces. */
async function reachableIp(): Promise<string> {
  const named = await withinLookupTime(lookup(hostname(), { family: 4 }));
  if (named !== undefined && !named.address.startsWith('127.')) return named.address;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? loopback;
}

/** A resolver that does not answer in time, or has no answer, is no reason not to start: then undefined. */
export function withinLookupTime<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  return new Promise((resolve) => {
    const timer = systemClock.after(lookupTimeoutMs, () => resolve(undefined), { background: true });
    answer.then(resolve, () => resolve(undefined)).finally(() => timer.cancel());
  });
}
