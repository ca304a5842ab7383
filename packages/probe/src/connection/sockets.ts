/** Sockets of one network namespace, as `ss -H -O -tunaei` writes them. */
import type { Address } from './conntrack.ts';

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

/** Connections out of sockets: the end whose port somebody listens on is the server. */
export function connectionsOf(sockets: readonly SeenSocket[]): SeenConnection[] {
  const ports = new Set<string>();
  for (const { protocol, state, local } of sockets) {
    if (listening.has(state)) ports.add(`${protocol} ${local.port}`);
  }
  const connections: SeenConnection[] = [];
  for (const socket of sockets) {
    const { protocol, state, local, remote, inode } = socket;
    if (listening.has(state) || remote.port === 0) continue;
    const isServer = ports.has(`${protocol} ${local.port}`);
    connections.push({
      protocol,
      client: isServer ? remote : local,
      server: isServer ? local : remote,
      isOpen: openStates.has(state),
      side: isServer ? 'server' : 'client',
      inode,
      sentBytes: isServer ? socket.receivedBytes : socket.sentBytes,
      receivedBytes: isServer ? socket.sentBytes : socket.receivedBytes,
    });
  }
  return connections;
}

/** Opened, accepted and open TCP connections of a namespace: `Tcp:` lines of its `snmp` file, as one text to compare. */
export function tcpActivity(snmp: string): string {
  const [names = '', values = ''] = snmp.split('\n').filter((line) => line.startsWith('Tcp:'));
  const columns = names.split(' ');
  const cells = values.split(' ');
  return ['ActiveOpens', 'PassiveOpens', 'CurrEstab']
    .map((name) => cells[columns.indexOf(name)] ?? '')
    .join(' ');
}
