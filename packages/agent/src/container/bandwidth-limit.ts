/**
 * How much a container may send and receive, as Mesos' `--egress_rate_limit_per_container` and `--ingress_…`: a token bucket of
 * the kernel at the end that sends, the container's own or that of the machine, of each of its networks. It is there until the
 * network is gone, whoever dies meanwhile.
 */
import { existsSync } from 'node:fs';
import { AgentError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** Bytes a second, of a container on networks of its own; undefined: as much as it likes. */
export interface BandwidthLimits {
  readonly egressBytesPerS?: number | undefined;
  readonly ingressBytesPerS?: number | undefined;
}

/** What may go at once after silence; less than a few packets would keep it below its rate. */
const burstOf = (bytesPerS: number) => Math.max(64 * 1024, Math.round(bytesPerS / 100));
/** What waits longer than that is dropped, which tells senders to slow down. */
const queueMs = 50;

const programs = ['tc', 'ip', 'nsenter'];
const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What is missing on this machine; undefined when nothing is. */
export function bandwidthLimitMissing(): string | undefined {
  const missing = programs.filter((name) => !folders.some((folder) => existsSync(`${folder}/${name}`)));
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')}`;
}

/** As `ip -json -details link` tells it. */
interface Link {
  ifname: string;
  ifindex: number;
  link_type: string;
  /** Of a pair: the other end, where that is. */
  link_index?: number;
  linkinfo?: { info_kind?: string };
}

type Run = (...words: string[]) => Promise<string>;

const onHost: Run = (program = '', ...words) => runProgram(program, words);
const listLinks = async (run: Run) =>
  JSON.parse(await run('ip', '-json', '-details', 'link', 'show')) as Link[];

async function setBucket(run: Run, ifname: string, bytesPerS: number): Promise<void> {
  const rate = ['rate', `${bytesPerS * 8}bit`, 'burst', `${burstOf(bytesPerS)}b`, 'latency', `${queueMs}ms`];
  await run('tc', 'qdisc', 'replace', 'dev', ifname, 'root', 'tbf', ...rate);
}

/** Each names the other: numbers alone are those of a namespace, and another device here may have the one that is named. */
const arePair = (one: Link, other: Link): boolean =>
  [one, other].every(({ linkinfo }) => linkinfo?.info_kind === 'veth') &&
  one.link_index === other.ifindex &&
  other.link_index === one.ifindex;

/** The end of a pair that stays on the machine: what it sends is what the container receives. */
async function setIngress(link: Link, bytesPerS: number): Promise<void> {
  const end = (await listLinks(onHost)).find((other) => arePair(link, other));
  if (end === undefined) {
    const message = `what the container receives on ${link.ifname} cannot be limited: it is no pair with an end on this machine`;
    throw new AgentError('LaunchFailed', message);
  }
  await setBucket(onHost, end.ifname, bytesPerS);
}

/**
 * Sets them anew where they are set already.
 *
 * @param namespace path of the network namespace
 * @throws AgentError `LaunchFailed`, `RuntimeUnavailable`
 */
export async function limitBandwidth(namespace: string, limits: BandwidthLimits): Promise<void> {
  const { egressBytesPerS, ingressBytesPerS } = limits;
  if (egressBytesPerS === undefined && ingressBytesPerS === undefined) return;
  const inside: Run = (...words) => runProgram('nsenter', [`--net=${namespace}`, ...words]);
  // Others than these are kinds of tunnels that the kernel puts into every namespace.
  const links = (await listLinks(inside)).filter(({ link_type }) => link_type === 'ether');
  for (const link of links) {
    if (egressBytesPerS !== undefined) await setBucket(inside, link.ifname, egressBytesPerS);
    if (ingressBytesPerS !== undefined) await setIngress(link, ingressBytesPerS);
  }
}
