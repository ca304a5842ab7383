/** Sockets of one network namespace, as `ss -H -O -tunae`, with or without `-i`, writes them. */
import type { Address } from './address.ts';

export interface SeenSocket {
  readonly protocol: 'tcp' | 'udp';
  /** `ESTAB`, `LISTEN`, `TIME-WAIT`, `UNCONN` and so on. */
  readonly state: string;
  readonly local: Address;
  readonly remote: Address;
  /** Names the socket among the open files of its process; 0 if no process has it. */
  readonly inode: number;
  readonly sentBytes: number | undefined;
  readonly receivedBytes: number | undefined;
}

/** `1.2.3.4:80`, `[::1%lo]:80`, `*:80`; an IPv4 address in an IPv6 socket counts as IPv4. */
function parseAddress(text: string): Address | undefined {
  const at = text.lastIndexOf(':');
  if (at < 0) return undefined;
  const ip = text
    .slice(0, at)
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
  const port = text.slice(at + 1);
  return { ip, port: port === '*' ? 0 : Number(port) };
}

const numberAfter = (line: string, name: string): number | undefined => {
  const at = line.indexOf(name);
  return at < 0 ? undefined : Number.parseInt(line.slice(at + name.length), 10);
};

/** One line; undefined for what is no socket of TCP or UDP. */
export function parseSocket(line: string): SeenSocket | undefined {
  const [protocol, state, , , localText, remoteText] = line.split(/\s+/, 6);
  if ((protocol !== 'tcp' && protocol !== 'udp') || state === undefined) return undefined;
  const [local, remote] = [parseAddress(localText ?? ''), parseAddress(remoteText ?? '')];
  if (local === undefined || remote === undefined || Number.isNaN(local.port + remote.port)) return undefined;
  return {
    protocol,
    state,
    local,
    remote,
    inode: numberAfter(line, ' ino:') ?? 0,
    sentBytes: numberAfter(line, ' bytes_acked:') ?? numberAfter(line, ' bytes_sent:'),
    receivedBytes: numberAfter(line, ' bytes_received:'),
  };
}

/** A connection from the one who opened it to the one who was listening. */
export interface SeenConnection {
  readonly protocol: 'tcp' | 'udp';
  readonly client: Address;
  readonly server: Address;
  readonly isOpen: boolean;
  /** Which end is in this namespace. */
  readonly side: 'client' | 'server';
  readonly inode: number;
  readonly sentBytes: number | undefined;
  readonly receivedBytes: number | undefined;
}

const listening = new Set(['LISTEN', 'UNCONN']);
const openStates = new Set(['ESTAB', 'SYN-SENT', 'SYN-RECV']);

export const isListening = ({ state }: SeenSocket): boolean => listening.has(state);

/** The connection that a socket is an end of; undefined for one without. */
export function connectionOf(socket: SeenSocket, side: 'client' | 'server'): SeenConnection | undefined {
  const { protocol, state, local, remote, inode, sentBytes, receivedBytes } = socket;
  if (listening.has(state) || remote.port === 0) return undefined;
  const isServer = side === 'server';
  return {
    protocol,
    client: isServer ? remote : local,
    server: isServer ? local : remote,
    isOpen: openStates.has(state),
    side,
    inode,
    sentBytes: isServer ? receivedBytes : sentBytes,
    receivedBytes: isServer ? sentBytes : receivedBytes,
  };
}

/** TCP connections of a network namespace. */
export interface TcpActivity {
  /** Opened and accepted since the namespace came to be. */
  readonly begun: number;
  readonly open: number;
}

/** Out of the `Tcp:` lines of a namespace's `snmp` file; all 0 if there are none. */
export function tcpActivity(snmp: string): TcpActivity {
  const [names = '', values = ''] = snmp.split('\n').filter((line) => line.startsWith('Tcp:'));
  const columns = names.split(' ');
  const cells = values.split(' ');
  const count = (name: string) => Number(cells[columns.indexOf(name)] ?? 0);
  return { begun: count('ActiveOpens') + count('PassiveOpens'), open: count('CurrEstab') };
}
