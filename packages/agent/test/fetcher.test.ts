import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { removeFolder, runCommand, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fetcher, type FetcherOptions, type FetchUri } from '../src/index.ts';

let folder: string;
let server: Server;
let base: string;
const requests: string[] = [];
const signal = new AbortController().signal;

beforeAll(async () => {
  folder = await temporaryFolder('fetcher');
  await mkdir(join(folder, 'tree/inner'), { recursive: true });
  await writeFile(join(folder, 'tree/inner/file'), 'packed\n');
  await runCommand('tar', ['-C', join(folder, 'tree'), '-czf', join(folder, 'good.tar.gz'), '.']);
  await writeFile(join(folder, 'single.txt.gz'), gzipSync('one\n'.repeat(1000)));
  await runCommand('tar', [
    '-C',
    join(folder, 'tree'),
    '-P',
    '--transform=s,inner/file,../../escaped,',
    '-cf',
    join(folder, 'evil.tar'),
    '.',
  ]);
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    readFile(join(folder, (request.url ?? '').split('?')[0] ?? '')).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await removeFolder(folder);
});

async function fetcherWith(options: Omit<FetcherOptions, 'cacheFolder'> = {}): Promise<Fetcher> {
  const fetcher = new Fetcher({ cacheFolder: await mkdtemp(join(folder, 'cache-')), ...options });
  await fetcher.open();
  return fetcher;
}

async function fetchInto(fetcher: Fetcher, ...uris: FetchUri[]): Promise<string> {
  const sandbox = await mkdtemp(join(folder, 'sandbox-'));
  await fetcher.fetch(uris, sandbox, { signal });
  return sandbox;
}

test('files by HTTP and from this machine, unpacked, executable, under other names', async () => {
  const fetcher = await fetcherWith();
  const sandbox = await fetchInto(
    fetcher,
    { value: `${base}/good.tar.gz?query=1` },
    { value: `file://${folder}/tree/inner/file`, executable: true, outputFile: 'bin/tool' },
    { value: join(folder, 'good.tar.gz'), extract: false, outputFile: 'kept.tar.gz' },
  );
  expect(await readFile(join(sandbox, 'inner/file'), 'utf8')).toBe('packed\n');
  expect((await stat(join(sandbox, 'bin/tool'))).mode & 0o777).toBe(0o755);
  expect((await readdir(sandbox)).sort()).toEqual(['bin', 'good.tar.gz', 'inner', 'kept.tar.gz']);
});

test('a single compressed file is unpacked beside itself, within the limit', async () => {
  const uri = { value: `${base}/single.txt.gz` };
  const sandbox = await fetchInto(await fetcherWith(), uri);
  expect(await readFile(join(sandbox, 'single.txt'), 'utf8')).toBe('one\n'.repeat(1000));
  expect((await readdir(sandbox)).sort()).toEqual(['single.txt', 'single.txt.gz']);
  const small = await fetcherWith({ archiveLimits: { maxBytes: 3_999 } });
  await expect(fetchInto(small, uri)).rejects.toMatchObject({ code: 'UnsafeArchive' });
});

test('an owner gets all of it', async () => {
  const sandbox = await mkdtemp(join(folder, 'sandbox-'));
  const uris = [{ value: `${base}/good.tar.gz` }];
  await (await fetcherWith()).fetch(uris, sandbox, { signal, owner: { uid: 1000, gid: 1000 } });
  expect((await lstat(join(sandbox, 'inner/file'))).uid).toBe(1000);
});

test('files of this machine are had by those who may read them, from the cache too', async () => {
  const fetcher = await fetcherWith();
  // Where everybody gets to, which the folder for temporary files need not be.
  const open = await mkdtemp('/dev/shm/orchestrator-fetcher-');
  await chmod(open, 0o755);
  const file = join(open, 'private');
  await writeFile(file, 'secret\n', { mode: 0o600 });
  const has = async (uid: number, cache: boolean) => {
    const sandbox = await mkdtemp(join(folder, 'sandbox-'));
    await fetcher.fetch([{ value: `file://${file}`, cache }], sandbox, { signal, owner: { uid, gid: uid } });
    return await readFile(join(sandbox, 'private'), 'utf8');
  };
  await chown(file, 1000, 1000);
  try {
    for (const cache of [false, true]) {
      expect(await has(0, cache)).toBe('secret\n');
      expect(await has(1000, cache)).toBe('secret\n');
      await expect(has(1001, cache)).rejects.toThrow(/private: .*Permission denied/);
    }
  } finally {
    await removeFolder(open);
  }
});

test('a download that stands still is given up', async () => {
  const silent = createServer((_request, response) => void response.write('begun'));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const fetcher = await fetcherWith({ stallTimeoutMs: 200 });
  await expect(fetchInto(fetcher, { value: `http://127.0.0.1:${port}/file` })).rejects.toThrow(
    'nothing came for 200 ms',
  );
  silent.closeAllConnections();
  silent.close();
});

test('an archive that leads out is not unpacked at all', async () => {
  const fetcher = await fetcherWith();
  await expect(fetchInto(fetcher, { value: `${base}/evil.tar` })).rejects.toMatchObject({
    code: 'UnsafeArchive',
  });
  expect(await readdir(folder)).not.toContain('escaped');
});

test('what is not as asked for leaves no file', async () => {
  const fetcher = await fetcherWith({ maxBytes: 5 });
  const sandbox = await mkdtemp(join(folder, 'sandbox-'));
  const refused = (uri: FetchUri) => expect(fetcher.fetch([uri], sandbox, { signal })).rejects;
  const file = `${base}/tree/inner/file`;
  await refused({ value: file }).toThrow('it is larger than 5 bytes');
  await refused({ value: `${base}/none?token=secret` }).toThrow(/^(?!.*secret).*answered 404$/);
  await refused({ value: 'hdfs://host/path' }).toThrow('URIs of hdfs cannot be fetched');
  await refused({ value: file, outputFile: '../out' }).toThrow('is no place in a sandbox');
  const other = await fetcherWith();
  const wrong = { value: file, sha256: '00' };
  await expect(other.fetch([wrong], sandbox, { signal })).rejects.toThrow('its SHA-256 is');
  const right = createHash('sha256').update('packed\n').digest('hex');
  expect(await readdir(sandbox)).toEqual([]);
  await other.fetch([{ value: file, sha256: right }], sandbox, { signal });
});

test('a cache asks once, also for many at the same time, and stays within its size', async () => {
  const fetcher = await fetcherWith({ cacheBytes: 10 });
  const cached = { value: `${base}/tree/inner/file?cached`, cache: true };
  requests.length = 0;
  await Promise.all(Array.from({ length: 5 }, () => fetchInto(fetcher, cached)));
  await fetchInto(fetcher, cached);
  expect(requests).toHaveLength(1);
  expect(fetcher.cachedBytes).toBe(7);
  const sandbox = await fetchInto(fetcher, { value: `${base}/tree/inner/file?other`, cache: true });
  expect(await readdir(sandbox)).toEqual(['file']);
  expect(fetcher.cachedBytes).toBe(7);
  const large = await fetchInto(fetcher, { value: `${base}/good.tar.gz`, cache: true });
  expect(await readdir(large)).toContain('inner');
  expect(fetcher.cachedBytes).toBe(7);
});
