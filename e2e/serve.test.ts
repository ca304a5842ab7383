/** The server as a daemon: found by commands of its work folder, open to others by token and role, ended in order. */
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ZkMigrate, zkMigrate } from './zk-migrate.ts';

let folder: string;
let cli: ZkMigrate;

const patience = { timeout: 60_000, interval: 50 };

beforeEach(async () => {
  folder = await temporaryFolder('e2e');
  cli = zkMigrate({ workFolder: join(folder, 'work') });
});

afterEach(async () => {
  await cli.run('stop');
  await cli.close();
  await removeFolder(folder);
});

test('others need a token, and may do what its role allows', async () => {
  for (const name of ['ann', 'eve', 'nobody']) await writeFile(join(folder, name), `token-of-${name}\n`);
  const config = join(folder, 'server.yaml');
  await writeFile(
    config,
    [
      'tokens:',
      `  - { name: ann, role: admin, token: { file: "${join(folder, 'ann')}" } }`,
      `  - { name: eve, role: viewer, token: { file: "${join(folder, 'eve')}" } }`,
    ].join('\n'),
  );
  const server = cli.start('serve', `--config=${config}`);
  await expect.poll(() => server.text(), patience).toMatch(/serving at http:\/\/127\.0\.0\.1:\d+/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.text())?.[0] ?? '';
  expect((await stat(join(folder, 'work', 'server.json'))).mode & 0o777).toBe(0o600);

  const elsewhere = zkMigrate({ workFolder: join(folder, 'empty'), env: { ZK_MIGRATE_SERVER: url } });
  const as = (name: string, ...args: readonly string[]) =>
    elsewhere.run(...args, `--token-file=${join(folder, name)}`);
  const unreachable = ['start', '--source-zk=127.0.0.1:1', '--target-zk=127.0.0.1:2'] as const;
  expect(await as('nobody', 'status')).toMatchObject({ exitCode: 6 });
  expect(await as('eve', ...unreachable)).toMatchObject({
    exitCode: 6,
    stderr: expect.stringContaining('eve is viewer'),
  });
  expect(await as('ann', ...unreachable)).toMatchObject({ exitCode: 3 });
  expect((await as('eve', 'status')).stdout).toContain('failed');
  expect((await as('eve', 'audit')).stdout).toMatch(/ann +create/);
  expect(server.text()).not.toContain('token-of-');

  expect(await cli.run('serve')).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('already') });
  server.child.kill('SIGTERM');
  expect((await server.ended).exitCode).toBe(0);
});

test('a server in the background stays until it is stopped, and what it knew is read without it', async () => {
  const started = await cli.run('start', '--source-zk=127.0.0.1:1', '--target-zk=127.0.0.1:2', '--detach');
  expect(started).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('in the background') });
  expect((await cli.run('status')).stdout).toMatch(/coordinator +\S+-\d+/);
  expect(await cli.run('stop')).toMatchObject({ exitCode: 0 });
  expect((await cli.run('status')).stdout).toContain('none runs; zk-migrate serve starts one');
  expect(await cli.run('stop')).toMatchObject({ exitCode: 4 });
});

test('a server that cannot be had, or that others could reach unprotected, ends with what is wrong', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  try {
    expect(await cli.run('serve', `--listen=127.0.0.1:${port}`)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/cannot listen at 127\.0\.0\.1:\d+[\s\S]*--listen/),
    });
  } finally {
    taken.close();
  }
  expect(await cli.run('serve', '--listen=0.0.0.0:0')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('needs tls and tokens'),
  });
});
