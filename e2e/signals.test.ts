/** Ctrl-C and SIGTERM in the midst of what takes long: ends soon, says so by its code, and leaves nothing behind. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesBelow, writeArchive } from '../packages/migration/src/archive/archive.ts';
import { type Running, type ZkMigrate, zkMigrate } from './zk-migrate.ts';

let folder: string;
let cli: ZkMigrate;
let silent: { server: Server; sockets: Set<Socket>; address: string };

const patience = { timeout: 60_000, interval: 20 };
/** However long the command would go on by itself. */
const soonMs = 10_000;
/** Longer than any wait of these tests. */
const leaseSec = 300;
const bothSignals = ['SIGINT', 'SIGTERM'] as const;

/** Takes connections and never says a word: whoever asks waits for as long as it is willing to. */
async function startSilentServer(): Promise<typeof silent> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { server, sockets, address: `127.0.0.1:${port}` };
}

beforeEach(async () => {
  folder = await temporaryFolder('signals');
  const env = { ZK_MIGRATE_SERVER_LEASE_SEC: String(leaseSec) };
  cli = zkMigrate({ workFolder: join(folder, 'work'), env });
  silent = await startSilentServer();
});

afterEach(async () => {
  await cli.close();
  for (const socket of silent.sockets) socket.destroy();
  silent.server.close();
  await removeFolder(folder);
});

const ensembles = () => [`--source-zk=${silent.address}`, `--target-zk=localhost:1,${silent.address}`];

/** Sends the signal, and waits for the end. @returns the exit code */
async function end(running: Running, signal: NodeJS.Signals): Promise<number | null> {
  const sentMs = performance.now();
  running.child.kill(signal);
  const { exitCode } = await running.ended;
  expect(performance.now() - sentMs).toBeLessThan(soonMs);
  return exitCode;
}

test.each(bothSignals)('%s in a preflight that waits for servers', async (signal) => {
  const running = cli.start('preflight', ...ensembles());
  await expect.poll(() => silent.sockets.size, patience).toBeGreaterThan(0);
  expect(await end(running, signal)).toBe(130);
  expect(running.text()).toBe('');
});

test.each(bothSignals)('%s in a start with its coordinator', async (signal) => {
  const first = cli.start('start', ...ensembles());
  await expect.poll(() => silent.sockets.size, patience).toBeGreaterThan(0);
  expect(await end(first, signal)).toBe(130);
  expect(first.text()).toContain('the same command, or zk-migrate serve, goes on where it was');
  expect(existsSync(join(folder, 'work', 'server.json'))).toBe(false);
  // Nothing of it is in the way of the next, which does not wait for a lease to end.
  const before = silent.sockets.size;
  const second = cli.start('start', ...ensembles());
  await expect.poll(() => silent.sockets.size, patience).toBeGreaterThan(before);
  await expect.poll(() => second.text(), patience).toContain('going on with migration');
  expect(await end(second, signal)).toBe(130);
});

test('those that follow end alone, and the server goes on until it is told to end itself', async () => {
  for (const signal of bothSignals) {
    const server = cli.start('serve');
    await expect.poll(() => server.text(), patience).toContain('serving at');
    const follower = cli.start('start', ...ensembles());
    await expect.poll(() => follower.text(), patience).toContain('migration');
    const watcher = cli.start('status', '--watch', '--json');
    await expect.poll(() => watcher.text(), patience).toContain('"status"');
    expect(await end(watcher, signal)).toBe(0);
    expect(await end(follower, signal)).toBe(130);
    expect(follower.text()).toContain('the migration goes on');
    expect(await end(server, signal)).toBe(0);
    expect(existsSync(join(folder, 'work', 'server.json'))).toBe(false);
  }
});

test.each(bothSignals)('%s in the restoring of an archive', async (signal) => {
  const data = join(folder, 'data');
  await mkdir(data);
  for (let n = 0; n < 20; n++) await writeFile(join(data, `log.${n}`), Buffer.alloc(16 * 1024 * 1024));
  const file = join(folder, 'large.zkarchive');
  process.env.SIGNALS_KEY = 'ab'.repeat(32);
  await writeArchive({
    file,
    key: { env: 'SIGNALS_KEY' },
    source: 'x',
    files: filesBelow(data, 'x'),
    nowMs: 0,
  });
  const output = join(folder, 'restored');
  const running = cli.start(
    'archive',
    'restore',
    `--archive=${file}`,
    '--key-env=SIGNALS_KEY',
    `--output=${output}`,
  );
  await expect.poll(() => existsSync(`${output}.partial`), { ...patience, interval: 2 }).toBe(true);
  expect(await end(running, signal)).toBe(130);
  expect((await readdir(folder)).filter((name) => name.startsWith('restored'))).toEqual([]);
});
