/**
 * How much a container may send, as Mesos' `--egress_rate_limit_per_container`: a token bucket of the kernel on its own
 * end of each of its networks. It is there until the network is gone, whoever dies meanwhile.
 */
import { existsSync } from 'node:fs';
import { runProgram } from './run-program.ts';

/** What it may send at once after it was silent; less than a few packets would keep it below its rate. */
const burstOf = (bytesPerS: number) => Math.max(64 * 1024, Math.round(bytesPerS / 100));
/** What waits longer than that is dropped, which tells senders to slow down. */
const queueMs = 50;

const programs = ['tc', 'ip', 'nsenter'];
const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What is missing on this machine; undefined when nothing is. */
export function egressLimitMissing(): string | undefined {
  const missing = programs.filter((name) => !folders.some((folder) => existsSync(`${folder}/${name}`)));
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')}`;
}

interface Link {
  ifname: string;
  link_type: string;
}

/**
 * Sets it anew where it is set already.
 *
 * @param namespace path of the network namespace
 * @throws AgentError `LaunchFailed`, `RuntimeUnavailable`
 */
export async function limitEgress(namespace: string, bytesPerS: number): Promise<void> {
  const inside = (...words: string[]) => runProgram('nsenter', [`--net=${namespace}`, ...words]);
  const links = JSON.parse(await inside('ip', '-json', 'link', 'show')) as Link[];
  const bucket = [
    'rate',
    `${bytesPerS * 8}bit`,
    'burst',
    `${burstOf(bytesPerS)}b`,
    'latency',
    `${queueMs}ms`,
  ];
  // Others than these are kinds of tunnels that the kernel puts into every namespace.
  for (const { ifname } of links.filter(({ link_type }) => link_type === 'ether'))
    await inside('tc', 'qdisc', 'replace', 'dev', ifname, 'root', 'tbf', ...bucket);
}
