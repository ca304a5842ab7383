import { isIPv6 } from 'node:net';
import { ZooKeeperError } from '../errors.ts';
import { pathProblem } from '../protocol/path.ts';

/** One server of the list as the operator wrote it: a name that DNS resolves anew at each attempt, or an address. */
export interface Host {
  readonly host: string;
  readonly port: number;
}

export interface ConnectString {
  readonly hosts: readonly Host[];
  /** '' for none, else a path without a slash at its end. */
  readonly chroot: string;
}

const defaultPort = 2181;

function invalid(connectString: string, reason: string): ZooKeeperError {
  return new ZooKeeperError(
    'InvalidOption',
    `connect string "${connectString}" ${reason}; write host:port,host:port/chroot, IPv6 as [::1]:2181`,
  );
}

function parsePort(text: string | undefined, connectString: string): number {
  if (text === undefined) return defaultPort;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw invalid(connectString, `has the invalid port "${text}"`);
  return port;
}

function parseHost(text: string, connectString: string): Host {
  const bracketed = /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: parsePort(bracketed[2], connectString) };
  const parts = text.split(':');
  if (parts.length > 2) {
    // More than one colon without brackets is an IPv6 address with the default port.
    if (isIPv6(text)) return { host: text, port: defaultPort };
    throw invalid(connectString, `has the unreadable server "${text}"`);
  }
  const host = parts[0] ?? '';
  if (!/^[\w.-]+$/.test(host)) throw invalid(connectString, `has the unreadable server "${text}"`);
  return { host, port: parsePort(parts[1], connectString) };
}

/** Reads `h1:2181,h2,[::1]:2181/chroot`. Throws `InvalidOption` or, for the chroot, `InvalidPath`. */
export function parseConnectString(connectString: string): ConnectString {
  const slash = connectString.indexOf('/');
  const list = slash === -1 ? connectString : connectString.slice(0, slash);
  const chroot = slash === -1 ? '' : connectString.slice(slash);
  const hosts = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseHost(part, connectString));
  if (hosts.length === 0) throw invalid(connectString, 'names no server');
  if (chroot === '' || chroot === '/') return { hosts, chroot: '' };
  const problem = pathProblem(chroot);
  if (problem !== undefined)
    throw new ZooKeeperError('InvalidPath', `chroot "${chroot}" ${problem}`, { path: chroot });
  return { hosts, chroot };
}
