/** Where the masters are, as people write it. */
import { CliError } from '../../program/errors.ts';

export type MasterAddress =
  | { readonly kind: 'hosts'; readonly scheme: 'http' | 'https'; readonly hosts: readonly string[] }
  /** `zk://…`, or `file:///path` of a file that holds it, since such an address may hold a password. */
  | { readonly kind: 'zookeeper'; readonly url: string };

const remedy = 'write host:port, several of them with commas, https://host:port, or zk://host:port,…/path';

/** @throws CliError `invalid` */
export function parseMasterAddress(text: string): MasterAddress {
  const trimmed = text.trim();
  if (/^(zk|file):\/\//.test(trimmed)) return { kind: 'zookeeper', url: trimmed };
  const parts = trimmed.split(',').map((part) => part.trim());
  const schemes = new Set(parts.map((part) => (part.startsWith('https://') ? 'https' : 'http')));
  const hosts = parts.map((part) => part.replace(/^https?:\/\//, '').replace(/\/+$/, ''));
  const wrong = hosts.find((host) => !/^(\[[\da-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i.test(host));
  if (wrong !== undefined) throw new CliError('invalid', `master "${wrong}" is not host:port`, { remedy });
  if (schemes.size > 1)
    throw new CliError('invalid', 'some masters are addressed with TLS and some without', { remedy });
  return { kind: 'hosts', scheme: schemes.has('https') ? 'https' : 'http', hosts };
}
