/** What the kernel's connection tracking says, as `conntrack -E`, `conntrack -L` and `/proc/net/nf_conntrack` write it. */

import type { Address } from './address.ts';

export interface TrackedFlow {
  readonly event: 'new' | 'update' | 'destroy' | undefined;
  readonly protocol: 'tcp' | 'udp';
  /** Of TCP: `SYN_SENT`, `ESTABLISHED`, `TIME_WAIT` and so on; empty for UDP. */
  readonly state: string;
  /** Who opened it, and whom it asked for. */
  readonly source: Address;
  readonly destination: Address;
  /** Who answers, after translation of addresses, and whom he believes to talk to. */
  readonly replySource: Address;
  readonly replyDestination: Address;
  /** Undefined where the kernel does not count (`net.netfilter.nf_conntrack_acct`). */
  readonly sentBytes: number | undefined;
  readonly receivedBytes: number | undefined;
}

const events = new Map([
  ['[NEW]', 'new'],
  ['[UPDATE]', 'update'],
  ['[DESTROY]', 'destroy'],
] as const);

/** One line; undefined for other protocols and for what is none. */
export function parseTrackedFlow(line: string): TrackedFlow | undefined {
  let event: TrackedFlow['event'];
  let protocol: TrackedFlow['protocol'] | undefined;
  let state = '';
  const ips: string[] = [];
  const ports: number[] = [];
  const bytes: number[] = [];
  for (const word of line.split(/\s+/)) {
    const at = word.indexOf('=');
    if (at > 0) {
      const value = word.slice(at + 1);
      if (at === 3 && (word.startsWith('src') || word.startsWith('dst'))) ips.push(value);
      else if (at === 5 && (word.startsWith('sport') || word.startsWith('dport'))) ports.push(Number(value));
      else if (at === 5 && word.startsWith('bytes')) bytes.push(Number(value));
    } else if (word === 'tcp' || word === 'udp') protocol = word;
    else if (word.startsWith('[')) event ??= events.get(word as '[NEW]');
    else if (protocol === 'tcp' && /^[A-Z][A-Z_0-9]+$/.test(word)) state = word;
  }
  const [source, destination, replySource, replyDestination] = ips.map(
    (ip, index): Address => ({ ip, port: ports[index] ?? Number.NaN }),
  );
  if (protocol === undefined || source === undefined || destination === undefined) return undefined;
  if (replySource === undefined || replyDestination === undefined || ports.some(Number.isNaN))
    return undefined;
  const [sentBytes, receivedBytes] = bytes;
  return {
    event,
    protocol,
    state,
    source,
    destination,
    replySource,
    replyDestination,
    sentBytes,
    receivedBytes,
  };
}

/** Both sides have said goodbye, or never agreed to talk; the kernel remembers such a flow for up to two minutes. */
const overStates = new Set(['FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE']);

export const isOver = (flow: TrackedFlow): boolean => flow.event === 'destroy' || overStates.has(flow.state);
