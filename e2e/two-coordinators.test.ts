/** Two coordinators with one etcd, TLS and tokens everywhere, asked from a third place; the one that works is killed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, testCertificates } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { findLost, startWorkload } from '../packages/sync/test/workload.ts';
import { openStage, pause, type Stage } from './faults/stage.ts';
import { writeMigrationFile } from './migration-file.ts';
import { startTlsEtcd } from './tls-etcd.ts';
import { type Running, type ZkMigrate, zkMigrate } from './zk-migrate.ts';

const patience = { timeout: 60_000, interval: 50 };
const leaseSec = 2;
/** What a take-over may take beyond the lease, on a loaded machine. */
const slackMs = 15_000;

interface Coordinator {
  readonly name: string;
  readonly url: string;
  readonly running: Running;
  /** Kills it, and waits for whatever else runs in its work folder. */
  readonly own: ZkMigrate;
}

async function startCoordinator(
  name: string,
  folder: string,
  storeLines: readonly string[],
): Promise<Coordinator> {
  const { server } = await testCertificates();
  const [port = 0] = await freePorts(1);
  const file = join(folder, `${name}.yaml`);
  const lines = [
    `instance: ${name}`,
    `lease_sec: ${leaseSec}`,
    `listen: { host: 0.0.0.0, port: ${port} }`,
    `tls: { cert: "${server.certificateFile}", key: "${server.keyFile}" }`,
    'tokens:',
    `  - { name: ann, role: admin, token: { file: "${join(folder, 'ann')}" } }`,
    `  - { name: vic, role: viewer, token: { file: "${join(folder, 'vic')}" } }`,
    ...storeLines,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const own = zkMigrate({ workFolder: join(folder, name) });
  const running = own.start('serve', `--config=${file}`);
  await expect.poll(() => running.text(), patience).toContain('serving at');
  return { name, url: `https://127.0.0.1:${port}`, running, own };
}

/** The command as somebody elsewhere types it. */
async function person(folder: string, { url }: Coordinator, name: string): Promise<ZkMigrate> {
  const { caFile } = await testCertificates();
  const flags = [`--token-file=${join(folder, name)}`, `--ca-file=${caFile}`];
  const cli = zkMigrate({ workFolder: join(folder, 'nothing'), env: { ZK_MIGRATE_SERVER: url } });
  return {
    start: (...args) => cli.start(...args, ...flags),
    run: (...args) => cli.run(...args, ...flags),
    json: (...args) => cli.json(...args, ...flags),
    close: () => cli.close(),
    [Symbol.asyncDispose]: () => cli.close(),
  };
}

interface Status {
  readonly status: string;
  readonly leader: string | null;
  readonly live: { readonly sync: { readonly state: string; readonly leader: string | null } | null };
}

const textAt = async (client: Stage['a'], path: string) => {
  await client.sync('/');
  return String((await client.getData(path)).data);
};

test('coordinators with TLS, tokens and one etcd: asked of either, and one killed, the other goes on', async () => {
  const servers = { servers: 1, config: { standaloneEnabled: 'false' } };
  await using stage = await openStage({ source: servers, target: servers });
  const { a, workFolder: folder, source, target } = stage;
  const etcd = await startTlsEtcd(folder);
  await writeFile(join(folder, 'ann'), 'token-of-ann\n');
  await writeFile(join(folder, 'vic'), 'token-of-vic\n');
  const both = [
    await startCoordinator('one', folder, etcd.storeLines),
    await startCoordinator('two', folder, etcd.storeLines),
  ] as const;
  let back: Coordinator | undefined;
  try {
    await a.create('/app', 'begin');
    const { file } = await writeMigrationFile({
      ...{ folder, source, target },
      lines: ['  sync: { lag_threshold_ms: 5000, conflict_resolution: manual }'],
    });
    const atOne = await person(folder, both[0], 'ann');
    const started = await atOne.run('start', `--config=${file}`);
    expect(started).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('waits for your approval'),
    });

    // Whichever saw it first.
    const { leader } = await atOne.json<Status>('status');
    const [leads, stands] = leader === 'one' ? both : ([both[1], both[0]] as const);
    await expect.poll(() => stands.running.text(), patience).toContain('both sides loaded');
    const ann = await person(folder, stands, 'ann');
    await isAskedOfEither(await person(folder, stands, 'vic'), ann, stands);
    await conflictIsDecided(stage, ann);
    await takesOver(stage, { leads, stands }, ann);
    expect(stands.running.text()).not.toContain('token-of-');

    // The engine that is warm by then is not taken for a client of A.
    back = await startCoordinator(leads.name, folder, etcd.storeLines);
    await expect.poll(() => back?.running.text(), patience).toContain('both sides loaded');
    await a.close();
    const done = await (await person(folder, back, 'ann')).run('advance', '--phase=6', '--confirm');
    expect(done, done.stdout + done.stderr).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toContain('the migration is complete');
  } finally {
    for (const { own } of [...both, ...(back === undefined ? [] : [back])]) await own.close();
    await etcd.close();
  }
});

/** The one that stands by answers all that the one that leads would. */
async function isAskedOfEither(vic: ZkMigrate, ann: ZkMigrate, stands: Coordinator): Promise<void> {
  expect((await vic.run('status')).stdout).toMatch(/coordinator +(one|two)/);
  expect(await ann.run('validate')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('3 checks: 3 good'),
  });
  expect(await ann.run('validate', '--phase=4')).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('the phases are 0, 1, 6'),
  });
  expect(await ann.json('verify')).toMatchObject({ difference_count: 0 });
  expect(await vic.run('verify')).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('vic is viewer'),
  });
  const distrusting = zkMigrate({
    workFolder: '/nowhere',
    env: { ZK_MIGRATE_SERVER: stands.url, ZK_MIGRATE_TOKEN: 'token-of-ann' },
  });
  expect(await distrusting.run('status')).toMatchObject({
    exitCode: 5,
    stderr: expect.stringContaining('--ca-file'),
  });
}

/** Both sides change a node while nobody carries it. */
async function conflictIsDecided({ a, b }: Stage, ann: ZkMigrate): Promise<void> {
  expect(await ann.run('pause')).toMatchObject({ exitCode: 0 });
  await expect.poll(async () => (await ann.json<Status>('status')).live.sync?.state, patience).toBe('paused');
  await a.setData('/app', 'by the source');
  await b.setData('/app', 'by the target');
  expect(await ann.run('resume')).toMatchObject({ exitCode: 0 });
  const held = async () => (await ann.json<{ id: string; path: string }[]>('conflicts', 'list', '--held'))[0];
  await expect.poll(held, patience).toMatchObject({ path: '/app' });
  const { id = '' } = (await held()) ?? {};

  expect((await ann.run('conflicts')).stdout).toMatch(new RegExp(`${id} .* waits for you +/app`));
  const shown = await ann.run('conflicts', 'show', id);
  expect(shown.stdout).toMatch(/by the source \(13 bytes\)[\s\S]*by the target \(13 bytes\)/);
  expect(await ann.run('conflicts', 'show', 'nonsense')).toMatchObject({
    exitCode: 4,
    stderr: expect.stringContaining('there is no conflict nonsense'),
  });
  expect(await ann.run('conflicts', 'resolve', id)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('--winner'),
  });
  // It stands in the way of phase 6, and is no difference.
  expect(await ann.json('verify')).toMatchObject({ difference_count: 0 });

  const resolved = await ann.run('conflicts', 'resolve', id, '--winner=target');
  expect(resolved).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/winner +B/) });
  const texts = async () => [await textAt(a, '/app'), await textAt(b, '/app')];
  await expect.poll(texts, patience).toEqual(['by the target', 'by the target']);
  expect(await ann.run('conflicts', 'resolve', id, '--winner=source')).toMatchObject({
    exitCode: 6,
    stderr: expect.stringMatching(/is decided[\s\S]*→/),
  });
  expect(await ann.json('conflicts', 'list', '--held')).toEqual([]);
}

async function takesOver(
  { a, b }: Stage,
  { leads, stands }: { leads: Coordinator; stands: Coordinator },
  ann: ZkMigrate,
): Promise<void> {
  const load = { client: a, folder: '/load', writer: 'w', nodes: 60, recreatePercent: 10 };
  const workload = await startWorkload({ ...load, updatesPerS: 100 });
  await pause(500);
  const killedMs = performance.now();
  leads.running.child.kill('SIGKILL');
  await a.create('/after-the-kill', 'x');
  await expect.poll(async () => (await b.exists('/after-the-kill')).stat, patience).not.toBeNull();
  const tookMs = performance.now() - killedMs;
  expect(tookMs).toBeLessThan(leaseSec * 1_000 + slackMs);

  const { name } = stands;
  // What an engine does is written down twice a second.
  const leaders = async () => {
    const { leader, live } = await ann.json<Status>('status');
    return [leader, live.sync?.leader];
  };
  await expect.poll(leaders, patience).toEqual([name, name]);
  await workload.stop();
  expect(await ann.json('verify')).toMatchObject({ difference_count: 0 });
  expect(await findLost(b, workload)).toEqual([]);
  expect((await ann.run('audit', 'verify')).stdout).toMatch(/^intact/);
}
