import { readFile } from 'node:fs/promises';
import { MasterError } from '../errors.ts';

/** Where the masters of a cluster find each other. */
export interface ElectionPlace {
  /** `host:port,host:port` */
  readonly connectString: string;
  /** The znode of the group: `/mesos`. */
  readonly path: string;
  /** `user:password`; then the group's nodes can be changed by their creator only. */
  readonly credentials: string | undefined;
}

const form =
  'write zk://host:port,host:port/path, zk://user:password@host:port/path, or file:///path of a file with it';

/** @throws MasterError `config`. The message never holds the password. */
export function parseZkUrl(url: string): ElectionPlace {
  const match = /^zk:\/\/(?:([^@/]*)@)?([^@/]+)(\/.*)?$/.exec(url.trim());
  const hosts = match?.[2];
  if (match === null || hosts === undefined) {
    throw new MasterError('config', 'the URL of ZooKeeper is none', { remedy: form });
  }
  const path = (match[3] ?? '/').replace(/\/+$/, '');
  if (path === '') {
    throw new MasterError('config', 'the URL of ZooKeeper names no znode for the masters', { remedy: form });
  }
  const credentials = match[1];
  if (credentials !== undefined && !credentials.includes(':')) {
    throw new MasterError('config', 'the URL of ZooKeeper has a user without a password', { remedy: form });
  }
  return { connectString: hosts, path, credentials };
}

/** As operators give it: the URL itself, or `file:///path` of a file that holds it (a password is not for command lines). */
export async function readZkUrl(value: string): Promise<ElectionPlace> {
  if (!value.startsWith('file://')) return parseZkUrl(value);
  const path = value.slice('file://'.length);
  try {
    return parseZkUrl(await readFile(path, 'utf8'));
  } catch (cause) {
    if (cause instanceof MasterError) throw cause;
    throw new MasterError('config', `${path}, the file with the URL of ZooKeeper, cannot be read`, { cause });
  }
}
