import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StoreError } from './errors.ts';
import { openStore } from './open-store.ts';

test('opens a SQLite file', async () => {
  const store = await openStore(`sqlite:${join(mkdtempSync(join(tmpdir(), 'store-')), 'a.db')}`);
  await store.put('a', '1');
  await store.close();
});

test('takes one or several etcd hosts, with or without port and namespace', async () => {
  for (const url of ['etcd://h', 'etcd://h:2379,h2.example:1/prefix', 'etcd://[::1]:2379/a/b/']) {
    await (await openStore(url)).close();
  }
});

test('refuses other forms, and never repeats a password', async () => {
  for (const url of [
    '',
    'sqlite:',
    '/var/x.db',
    'http://h',
    'etcd://',
    'etcd://h:99999',
    'etcd://h:x',
    'etcd://a,,b',
  ]) {
    await expect(openStore(url), url).rejects.toMatchObject({ code: 'invalid' });
  }
  for (const url of ['etcd://root:hunter2@h:2379', 'postgres://root:hunter2@h']) {
    const error: unknown = await openStore(url).then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(StoreError);
    expect(String(error)).not.toContain('hunter2');
  }
});
