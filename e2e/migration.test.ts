/** A migration by the commands alone, in the order of an operator's day, interruptions included. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Ensemble, removeFolder, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Leftovers, watchLeftovers } from '../scripts/demo/leftovers.ts';
import { deployLocally, type MigrationFile, writeMigrationFile } from './migration-file.ts';
import { type Running, type ZkMigrate, zkMigrate } from './zk-migrate.ts';

let folder: string;
let a: Ensemble;
let onA: ZooKeeperClient;
let cli: ZkMigrate;
let file: MigrationFile;
let leftovers: Leftovers;
/** A as the coordinator has started it again. */
let restarted: Leftovers;

const patience = { timeout: 60_000, interval: 100 };

beforeEach(async () => {
  folder = await temporaryFolder('e2e');
  leftovers = watchLeftovers(folder);
  a = await startEnsemble({ servers: 1, config: { standaloneEnabled: 'false' } });
  const [server] = a.servers;
  if (server === undefined) throw new Error('the ensemble has no server');
  restarted = watchLeftovers(dirname(dirname(server.configFile)));
  onA = await connect({ connectString: a.connectString });
  cli = zkMigrate({ workFolder: join(folder, 'work') });
  file = await writeMigrationFile({
    folder,
    source: a,
    target: await deployLocally(folder),
    lines: ['  sync: { lag_threshold_ms: 2000 }'],
  });
});

afterEach(async () => {
  await cli.close();
  await onA.close();
  await leftovers.remove();
  await a.close();
  await restarted.remove();
  await removeFolder(folder);
});

const start = (): Running =>
  cli.start(
    'start',
    `--source-zk=${a.connectString}`,
    `--target-zk=${file.targetConnectString}`,
    `--config=${file.file}`,
  );

interface Status {
  readonly id: string;
  readonly status: string;
  readonly phase: number;
  readonly live: { readonly sync: { readonly state: string } | null } | null;
}

// Some thirty commands, each a process of its own.
test('from preflight to the archive, with an interruption and a way back', { timeout: 300_000 }, async () => {
  await onA.create('/app', 'before');
  for (let n = 0; n < 20; n++) await onA.create('/app/n-', `${n}`, { mode: 'persistentSequential' });
  const preflight = await cli.run('preflight', `--config=${file.file}`);
  expect(preflight).toMatchObject({ stdout: expect.stringMatching(/\d+ checks: .* 0 failed/), stderr: '' });
  expect(preflight.exitCode).toBe(0);

  // Interrupted, begun again with the same words, it goes on.
  const first = start();
  await expect.poll(() => first.text(), patience).toContain('plan target');
  first.child.kill('SIGINT');
  const interrupted = await first.ended;
  expect(interrupted.exitCode).toBe(130);
  const id = /migration ([0-9a-f]{8}) \(e2e\)/.exec(interrupted.stderr)?.[1] ?? '';
  expect(await cli.json<Status>('status')).toMatchObject({ id, status: 'running', phase: 1 });

  const second = start();
  await expect.poll(() => second.text(), patience).toContain('waits for your approval');
  expect(second.text()).toContain(`going on with migration ${id}`);

  // Both sides write while it waits.
  const onB = await connect({ connectString: file.targetConnectString });
  await onA.setData('/app', 'from a');
  await expect.poll(async () => String((await onB.getData('/app')).data), patience).toBe('from a');
  await onB.create('/app/from-b', 'b');
  await expect.poll(async () => (await onA.exists('/app/from-b')).stat, patience).not.toBeNull();

  await expectLooksRight(id);

  // Paused, what is written waits; resumed, it arrives.
  expect(await cli.run('pause', `--migration-id=${id}`)).toMatchObject({ exitCode: 0 });
  const engine = async () => (await cli.json<Status>('status')).live?.sync?.state;
  await expect.poll(engine, patience).toBe('paused');
  await onA.setData('/app', 'while paused');
  expect(String((await onB.getData('/app')).data)).toBe('from a');
  expect(await cli.run('resume', `--migration-id=${id}`)).toMatchObject({ exitCode: 0 });
  await expect.poll(async () => String((await onB.getData('/app')).data), patience).toBe('while paused');

  // Nothing goes forward without a yes, and not into a phase that is not due.
  const unconfirmed = await cli.run('advance', `--migration-id=${id}`, '--phase=6');
  expect(unconfirmed.exitCode).toBe(6);
  expect(unconfirmed.stderr).toContain('stop sync, shut down source, archive source');
  const wrongPhase = await cli.run('advance', `--migration-id=${id}`, '--phase=2', '--confirm');
  expect(wrongPhase).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('phase 2 is not due') });

  // A client that is left on A is named, and nothing is shut down.
  const busy = await cli.run('advance', `--migration-id=${id}`, '--phase=6', '--confirm');
  expect(busy).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining('move these clients to the target'),
  });
  await onA.close();
  const retried = await cli.run('resume', `--migration-id=${id}`);
  expect(retried).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('the migration is complete'),
  });
  expect((await second.ended).exitCode).toBe(0);

  // The coordinator has ended with the migration; records are read from the store.
  expect(await cli.json<Status>('status', `--migration-id=${id}`)).toMatchObject({ status: 'completed' });
  await expectRecords(id);
  await onB.close();

  // And back: A runs again, in sync with B.
  const server = cli.start('serve');
  await expect.poll(() => server.text(), patience).toContain('serving at');
  const back = await cli.run('rollback', `--migration-id=${id}`, '--to-phase=1');
  expect(back).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('rolled back to phase 1') });
  onA = await connect({ connectString: a.connectString });
  expect(String((await onA.getData('/app')).data)).toBe('while paused');
  server.child.kill('SIGTERM');
  expect((await server.ended).exitCode).toBe(0);
});

async function expectLooksRight(id: string): Promise<void> {
  const status = await cli.run('status', `--migration-id=${id}`);
  expect(status.stdout).toMatch(/awaiting approval/);
  expect(status.stdout).toContain(`zk-migrate advance --migration-id=${id} --phase=6 --confirm`);
  expect(await cli.json<Status>('status')).toMatchObject({ live: { sync: { state: 'syncing' } } });
  const valid = await cli.run('validate', `--migration-id=${id}`, '--phase=current');
  expect(valid).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('3 checks: 3 good') });
  expect(await cli.json('verify', `--migration-id=${id}`)).toMatchObject({ difference_count: 0 });
  expect((await cli.run('conflicts', 'list')).stdout).toBe('no conflicts\n');
}

async function expectRecords(id: string): Promise<void> {
  const reports = join(folder, 'reports/');
  expect(await cli.run('report', `--migration-id=${id}`, `--output=${reports}`)).toMatchObject({
    exitCode: 0,
  });
  expect((await readdir(reports)).toSorted()).toEqual(['report.html', 'report.json', 'report.md']);
  expect(await readFile(join(reports, 'report.md'), 'utf8')).toContain('Migration e2e');
  expect((await cli.run('conflicts', 'list')).stdout).toBe('no conflicts\n');
  expect((await cli.run('audit', 'verify')).stdout).toMatch(/^intact: \d+ entries\n$/);
  expect((await cli.run('audit', 'list')).stdout).toMatch(/advance/);

  await expectArchive();
}

async function expectArchive(): Promise<void> {
  const [name = ''] = await readdir(file.archiveFolder);
  const archive = `--archive=${join(file.archiveFolder, name)}`;
  const rightKey = `--key-file=${file.keyFile}`;
  const restored = join(folder, 'restored');
  const restore = (...args: readonly string[]) => cli.run('archive', 'restore', ...args);
  expect(await restore(archive, rightKey, `--output=${restored}`)).toMatchObject({ exitCode: 0 });
  expect(await readdir(join(restored, 'server-1'))).toContain('zoo.cfg');
  expect(await restore(archive, rightKey, `--output=${restored}`)).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('is not empty'),
  });

  // The same key as hexadecimal digits in a variable, and others that are not the key.
  const hex = (await readFile(file.keyFile)).toString('hex');
  const withKeys = zkMigrate({
    workFolder: join(folder, 'work'),
    env: { RIGHT: hex, WRONG: 'ab'.repeat(32), SHORT: 'abc' },
  });
  const verify = (...args: readonly string[]) => withKeys.run('archive', 'verify', ...args);
  expect(await verify(archive, '--key-env=RIGHT')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^whole: \d+ files/),
  });
  expect(await verify(archive, '--key-env=WRONG')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('the key is not the one it was written with'),
  });
  expect(await verify(archive, '--key-env=SHORT')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('the variable SHORT holds no archive key'),
  });
  expect(await verify(archive)).toMatchObject({ exitCode: 2 });

  const cutOff = join(folder, 'cut-off.zkarchive');
  const whole = await readFile(join(file.archiveFolder, name));
  await writeFile(cutOff, whole.subarray(0, whole.length - 100));
  const nowhere = join(folder, 'not-restored');
  expect(await restore(`--archive=${cutOff}`, rightKey, `--output=${nowhere}`)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('it is cut off'),
  });
  expect(await readdir(folder)).not.toContain('not-restored');
  expect(await verify('--archive=/no/such.zkarchive', rightKey)).toMatchObject({ exitCode: 4 });
}
