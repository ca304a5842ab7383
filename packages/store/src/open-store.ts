import type { Clock, Random } from '@orchestrator/runtime';
import { StoreError } from './errors.ts';
import type { EtcdAuth, EtcdTls } from './etcd/connection.ts';
import { openEtcdStore } from './etcd/etcd-store.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

export interface OpenStoreOptions {
  /** For etcd. */
  tls?: EtcdTls;
  /** For etcd. Never part of the URL: command lines are for all to see. */
  auth?: EtcdAuth;
  clock?: Clock;
  random?: Random;
}

/**
 * `sqlite:PATH` or `etcd://host:port,host:port/namespace`; the port defaults to 2379.
 *
 * @throws StoreError `invalid` for another form of URL, `unavailable` or `corrupt` when a file cannot be used
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const { clock, random } = options;
  const ambient = { ...(clock === undefined ? {} : { clock }), ...(random === undefined ? {} : { random }) };
  if (url.startsWith('sqlite:')) {
    const file = url.slice('sqlite:'.length);
    if (file !== '') return openSqliteStore(file, ambient);
  }
  const match = /^etcd:\/\/([^/]+)(?:\/(.*))?$/.exec(url);
  if (match?.[1] === undefined) {
    throw new StoreError(`"${withoutCredentials(url)}" is not the URL of a store`, {
      code: 'invalid',
      remedy: 'write sqlite:PATH or etcd://host:port,host:port/namespace',
    });
  }
  if (match[1].includes('@')) {
    throw new StoreError('the URL of a store must not hold a user or password', {
      code: 'invalid',
      remedy: 'give them by configuration file or environment',
    });
  }
  const hosts = match[1].split(',').map((host) => parseHost(url, host));
  const { tls, auth } = options;
  return openEtcdStore({
    ...{ hosts, ...ambient },
    ...(match[2] === undefined || match[2] === '' ? {} : { namespace: `/${match[2].replace(/\/+$/, '')}/` }),
    ...(tls === undefined ? {} : { tls }),
    ...(auth === undefined ? {} : { auth }),
  });
}

const withoutCredentials = (url: string) => url.replace(/\/\/[^/]*@/, '//');

function parseHost(url: string, host: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host);
  const port = Number(match?.[2] ?? 2379);
  if (match === null || port < 1 || port > 65_535) {
    throw new StoreError(`"${host}" in "${url}" is not host:port`, { code: 'invalid' });
  }
  return `${match[1]}:${port}`;
}
