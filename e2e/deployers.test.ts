/** Phase 1 and the way back with each deployer that reaches beyond this process: ssh, a program of one's own, a person. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Ensemble,
  freePorts,
  removeFolder,
  startEnsemble,
  temporaryFolder,
} from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type SshServer, startSshServer } from '../packages/migration/test/ssh-server.ts';
import { type Leftovers, watchLeftovers } from '../scripts/demo/leftovers.ts';
import { type Deployment, writeMigrationFile } from './migration-file.ts';
import { treeState } from './tree-state.ts';
import { type Running, type ZkMigrate, zkMigrate } from './zk-migrate.ts';

let a: Ensemble;
let onA: ZooKeeperClient;
let folder: string;
let leftovers: Leftovers;
let cli: ZkMigrate;
let clientPort: number;
let serverLine: string;
let deployer: { close(): Promise<void> } | undefined;

/** As a person would start it. */
const java = 'java';
const patience = { timeout: 60_000, interval: 50 };
const javaOptions = '      java_options: ["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]';
const exampleProgram = fileURLToPath(new URL('../docs/zk-migrate/examples/deploy.mjs', import.meta.url));

beforeAll(async () => {
  a = await startEnsemble({ servers: 1, config: { standaloneEnabled: 'false' } });
  onA = await connect({ connectString: a.connectString });
  await onA.create('/app', 'data');
});

afterAll(async () => {
  await onA?.close();
  await a?.close();
});

beforeEach(async () => {
  folder = await temporaryFolder('deployers');
  leftovers = watchLeftovers(folder);
  cli = zkMigrate({ workFolder: join(folder, 'work') });
  deployer = undefined;
  const [client = 0, quorum = 0, election = 0] = await freePorts(3);
  clientPort = client;
  serverLine = `id: 1, client_port: ${client}, quorum_port: ${quorum}, election_port: ${election}`;
});

afterEach(async () => {
  await cli.close();
  await leftovers.remove();
  await deployer?.close();
  await removeFolder(folder);
});

const deployment = (...lines: readonly string[]): Deployment => ({
  connectString: `127.0.0.1:${clientPort}`,
  lines: ['    deploy:', ...lines, javaOptions],
});

const ports = () => `      servers: [{ ${serverLine} }]`;

/** What was there before is on B with its very zxid, and what is written on either side travels. */
async function bIsAlive(): Promise<void> {
  const onB = await connect({ connectString: `127.0.0.1:${clientPort}` });
  try {
    const [there, here] = [await onB.exists('/app'), await onA.exists('/app')];
    expect(there.stat?.czxid).toBe(here.stat?.czxid);
    await onB.setData('/app', 'from b');
    await expect.poll(async () => String((await onA.getData('/app')).data), patience).toBe('from b');
  } finally {
    await onB.close();
  }
}

/** With a server in the background, so that each command is one that a person types. */
async function thereAndBack(target: Deployment): Promise<void> {
  const { file } = await writeMigrationFile({
    ...{ folder, source: a, target },
    lines: ['  sync: { lag_threshold_ms: 5000 }'],
  });
  const started = await cli.run('start', `--config=${file}`, '--detach');
  expect(started, started.stdout + started.stderr).toMatchObject({ exitCode: 0 });
  await bIsAlive();
  expect(await cli.run('validate')).toMatchObject({ exitCode: 0 });
  const back = await cli.run('rollback', '--to-phase=0', '--confirm');
  expect(back, back.stdout + back.stderr).toMatchObject({ exitCode: 0 });
  expect(await cli.run('stop')).toMatchObject({ exitCode: 0 });
  await expect(connect({ connectString: `127.0.0.1:${clientPort}`, readyTimeoutMs: 500 })).rejects.toThrow();
  expect((await treeState(a.connectString)).filter((line) => line.includes('orchestrator'))).toEqual([]);
}

test('ssh: servers on a machine with sshd', async () => {
  const ssh: SshServer = await startSshServer(folder);
  deployer = ssh;
  const remote = join(folder, 'remote');
  await thereAndBack(
    deployment(
      '      kind: ssh',
      `      folder: "${remote}"`,
      `      user: ${ssh.user}`,
      `      port: ${ssh.port}`,
      `      identity_file: "${ssh.identityFile}"`,
      `      known_hosts_file: "${ssh.knownHostsFile}"`,
      ports(),
    ),
  );
  await expect(readFile(join(remote, 'server-1', 'zoo.cfg'))).rejects.toThrow('ENOENT');
});

test('command: the program of the documentation', async () => {
  const data = join(folder, 'machines', 'one', 'data');
  await thereAndBack(
    deployment(
      '      kind: command',
      `      command: ["${exampleProgram}"]`,
      `      servers: [{ ${serverLine}, data_folder: "${data}" }]`,
    ),
  );
  await expect(readFile(join(data, 'myid'))).rejects.toThrow('ENOENT');
});

/** Does what the printed instructions say, with nothing but what they say. */
async function followInstructions(started: Running, data: string): Promise<void> {
  await expect.poll(() => started.text(), patience).toContain('start every server');
  const text = started.text();
  const [, cfg = ''] = /server 1 on 127\.0\.0\.1: (\S+zoo\.cfg) and myid/.exec(text) ?? [];
  const [, seed = '', place = ''] =
    /copy (\S+) into the empty folder version-2 below each data folder:\n +127\.0\.0\.1: (\S+)/.exec(text) ??
    [];
  expect(place).toBe(join(data, 'version-2/'));
  await mkdir(place, { recursive: true });
  await cp(cfg.replace('zoo.cfg', 'myid'), join(data, 'myid'));
  await cp(seed, join(place, seed.split('/').at(-1) ?? ''));
  await cp(cfg, join(data, 'zoo.cfg'));
  const jars = '/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar';
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const server = spawn(java, ['-Xmx128m', '-cp', jars, main, join(data, 'zoo.cfg')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  deployer = {
    async close() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

test('manual: a person who does what is printed', async () => {
  const data = join(folder, 'by-hand');
  const target = deployment(
    '      kind: manual',
    `      servers: [{ ${serverLine}, data_folder: "${data}" }]`,
  );
  const { file } = await writeMigrationFile({
    ...{ folder, source: a, target },
    lines: ['  sync: { lag_threshold_ms: 5000 }'],
  });
  const started = cli.start('start', `--config=${file}`);
  await expect.poll(() => started.text(), patience).toContain('to be done by you:');
  // Asked later, it says all that is left to do.
  await expect.poll(async () => (await cli.run('status')).stdout, patience).toContain('start every server');
  expect((await cli.run('status')).stdout).toMatch(
    /to be done by you:[\s\S]*install ZooKeeper[\s\S]*version-2[\s\S]*start every server/,
  );
  await followInstructions(started, data);
  await expect.poll(() => started.text(), patience).toContain('waits for your approval');
  expect((await cli.run('status')).stdout).not.toContain('to be done by you');
  await bIsAlive();

  const back = cli.start('rollback', '--to-phase=0', '--confirm');
  await expect.poll(() => back.text(), patience).toContain('stop every server');
  await deployer?.close();
  expect(await back.ended).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('its servers and their data folders are no longer needed'),
  });
  expect(await started.ended).toMatchObject({ exitCode: 0 });
});
