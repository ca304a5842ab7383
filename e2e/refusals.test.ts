/** Whatever cannot go well is refused at the begin: one clear message, its exit code, and nothing changed on either side. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import {
  type Ensemble,
  freePorts,
  removeFolder,
  startEnsemble,
  temporaryFolder,
} from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { treeState } from './tree-state.ts';
import { type ZkMigrate, zkMigrate } from './zk-migrate.ts';

let a: Ensemble;
let b: Ensemble;
let folder: string;
let cli: ZkMigrate;

const withQuorumPort = { servers: 1, config: { standaloneEnabled: 'false' } };

beforeAll(async () => {
  [a, b] = await Promise.all([
    startEnsemble({ ...withQuorumPort, saslDigest: { migrate: 'right' } }),
    startEnsemble(withQuorumPort),
  ]);
  for (const [ensemble, name] of [
    [a, 'of-a'],
    [b, 'of-b'],
  ] as const) {
    const client = await connect({ connectString: ensemble.connectString });
    await client.create(`/${name}`, 'data');
    await client.close();
  }
});

afterAll(async () => {
  await Promise.all([a?.close(), b?.close()]);
});

beforeEach(async () => {
  folder = await temporaryFolder('e2e');
  cli = zkMigrate({ workFolder: join(folder, 'work') });
});

afterEach(async () => {
  await cli.close();
  await removeFolder(folder);
});

async function configuration(...lines: readonly string[]): Promise<string> {
  const file = join(folder, 'migration.yaml');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

const between = (source: string, target: string) => [
  'migration:',
  '  name: "refused"',
  `  source: { zookeeper: "${source}" }`,
  `  target: { zookeeper: "${target}" }`,
];

describe('configuration', () => {
  test('an unknown key is named with its line and what was meant', async () => {
    const file = await configuration(...between('a:2181', 'b:2181'), '  sync:', '    lag_treshold_ms: 5');
    const { exitCode, stdout, stderr } = await cli.run('start', `--config=${file}`);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `zk-migrate: ${file}:6: migration.sync.lag_treshold_ms: unknown key; did you mean "lag_threshold_ms"?\n`,
    );
    expect(existsSync(join(folder, 'work'))).toBe(false);
  });

  test('bad YAML is named by its line, and quotes nothing of the file', async () => {
    const file = await configuration('migration:', '  name: "x', '  password: hunter2');
    const { exitCode, stderr } = await cli.run('preflight', `--config=${file}`);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/migration\.yaml:\d+: not valid YAML/);
    expect(stderr).not.toContain('hunter2');
  });

  test('a file that is not there, and a flag that is no address', async () => {
    const missing = await cli.run('start', '--config=/nowhere/migration.yaml');
    expect(missing).toMatchObject({ exitCode: 2 });
    expect(missing.stderr).toContain('/nowhere/migration.yaml: cannot be read');
    const nonsense = await cli.run('start', '--source-zk=zk-a', '--target-zk=zk-b:2181');
    expect(nonsense).toMatchObject({ exitCode: 2 });
    expect(nonsense.stderr).toMatch(/^zk-migrate: --source-zk: "zk-a": expected host:port/);
  });

  test('a misspelt variable of the environment', async () => {
    const file = await configuration(...between('a:2181', 'b:2181'));
    const other = zkMigrate({ workFolder: folder, env: { ZK_MIGRATE_MIGRATION_NAM: 'x' } });
    const { exitCode, stderr } = await other.run('preflight', `--config=${file}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      'ZK_MIGRATE_MIGRATION_NAM: sets no known key; did you mean ZK_MIGRATE_MIGRATION_NAME?',
    );
  });
});

describe('arguments', () => {
  test('a misspelt command or option is met with the one that was meant', async () => {
    expect(await cli.run('statsu')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Did you mean status?'),
    });
    expect(await cli.run('status', '--migration-di=x')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Did you mean --migration-id?'),
    });
  });

  test('no server, no migration, no such migration', async () => {
    expect(await cli.run('advance', '--phase=6', '--confirm')).toMatchObject({ exitCode: 5 });
    const server = cli.start('serve');
    await expect.poll(() => server.text(), { timeout: 60_000 }).toContain('serving at');
    expect(await cli.run('status')).toMatchObject({ exitCode: 4 });
    const unknown = await cli.run('status', '--migration-id=abc123', '--json');
    expect(unknown.exitCode).toBe(4);
    expect(JSON.parse(unknown.stderr)).toMatchObject({ error: { code: 'not-found' } });
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ exitCode: 0 });
  });
});

describe('ensembles', () => {
  /** `start` fails in its first step, with this in its words, and neither ensemble has changed. */
  async function refused(file: string, ...words: readonly (string | RegExp)[]): Promise<void> {
    const before = await Promise.all([treeState(a.connectString), treeState(b.connectString)]);
    const preflight = await cli.run('preflight', `--config=${file}`);
    expect(preflight.exitCode).toBe(3);
    const { exitCode, stdout } = await cli.run('start', `--config=${file}`);
    expect(exitCode).toBe(3);
    for (const word of words) {
      expect(stdout).toMatch(word);
      expect(preflight.stdout).toMatch(word);
    }
    expect(stdout).toMatch(/✘ phase 1 {2}preflight/);
    expect(await Promise.all([treeState(a.connectString), treeState(b.connectString)])).toEqual(before);
  }

  test('that cannot be reached are named with the reason', async () => {
    const [port = 0] = await freePorts(1);
    const nowhere = `127.0.0.1:${port}`;
    await refused(
      await configuration(...between(nowhere, b.connectString)),
      nowhere,
      'ECONNREFUSED',
      /source/,
    );
  });

  test('that are one and the same', async () => {
    const file = await configuration(
      ...between(a.connectString, a.connectString),
      '  sync: { adopt_target: true }',
    );
    await refused(file, /one ensemble/);
  });

  test('a target that holds other data, with what was found and the key that would accept it', async () => {
    await refused(await configuration(...between(a.connectString, b.connectString)), '/of-b', 'adopt_target');
  });

  test('wrong credentials', async () => {
    const file = await configuration(
      'migration:',
      '  name: "refused"',
      `  source: { zookeeper: "${a.connectString}", sasl: { username: migrate, password: { env: WRONG_PASSWORD } } }`,
      `  target: { zookeeper: "${b.connectString}" }`,
      '  sync: { adopt_target: true }',
    );
    cli = zkMigrate({ workFolder: join(folder, 'work'), env: { WRONG_PASSWORD: 'swordfish' } });
    await refused(file, /credentials/);
    expect((await cli.run('status', '--json')).stdout).not.toContain('swordfish');
  });

  test('a server that is too old', async () => {
    const answer =
      'Zookeeper version: 3.3.6-1366786, built on 07/29/2012\nConnections: 1\nMode: standalone\nNode count: 4\n';
    const old = createServer((socket) => {
      socket.once('data', () => socket.end(answer));
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as { port: number };
    try {
      const file = await configuration(...between(`127.0.0.1:${port}`, b.connectString));
      await refused(file, /3\.3\.6/, /3\.4/);
    } finally {
      old.close();
    }
  });
});
