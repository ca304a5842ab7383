/** The daemons by themselves: a master with TLS and accounts, and a cluster in the foreground that Ctrl-C ends. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, removeFolder, temporaryFolder, testCertificates } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openProgram, type Program } from './program.ts';

const patience = { timeout: 60_000, interval: 50 };
let folder: string;
let cli: Program;

beforeEach(async () => {
  folder = await temporaryFolder('daemons');
  cli = openProgram({
    name: 'orchestrator',
    env: { ORCHESTRATOR_WORK_DIR: join(folder, 'cluster'), ORCHESTRATOR_ETC: join(folder, 'etc') },
  });
});
afterEach(async () => {
  await cli.close();
  await removeFolder(folder);
});

test('a master with TLS and accounts answers those whom it knows, and whom it can prove itself to', async () => {
  const [[port = 0], { caFile, server }] = await Promise.all([freePorts(1), testCertificates()]);
  const credentials = join(folder, 'credentials');
  const secretFile = join(folder, 'secret');
  await writeFile(credentials, 'ann the-secret-of-ann\n', { mode: 0o600 });
  await writeFile(secretFile, 'the-secret-of-ann\n');
  const master = cli.start(
    ...['master', '--ip=127.0.0.1', `--port=${port}`, `--work_dir=${join(folder, 'master')}`],
    ...['--ssl_enabled', `--ssl_key_file=${server.keyFile}`, `--ssl_cert_file=${server.certificateFile}`],
    ...[`--credentials=${credentials}`, '--authenticate_http_readonly', '--authenticate_http_readwrite'],
  );
  const address = `--master=https://127.0.0.1:${port}`;
  const ann = [address, '--principal=ann', `--secret-file=${secretFile}`, `--ca-file=${caFile}`];
  await expect.poll(async () => (await cli.run('leader', ...ann)).stdout, patience).toMatch(`:${port}`);
  expect(await cli.json('agents', ...ann)).toEqual([]);

  const withoutAuthority = await cli.run('agents', address, '--principal=ann', `--secret-file=${secretFile}`);
  expect(withoutAuthority).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('--ca-file') });
  expect(await cli.run('agents', address, `--ca-file=${caFile}`)).toMatchObject({
    ...{ exitCode: 6, stderr: expect.stringContaining('--principal') },
  });
  await writeFile(secretFile, 'guessed');
  expect(await cli.run('agents', ...ann)).toMatchObject({ exitCode: 6 });
  const plainly = await cli.run(
    'agents',
    `--master=http://127.0.0.1:${port}`,
    '--principal=ann',
    `--secret-file=${secretFile}`,
  );
  expect(plainly.exitCode).toBeGreaterThan(0);

  master.child.kill('SIGTERM');
  expect(await master.ended).toMatchObject({ exitCode: 0 });
  expect(master.text()).not.toContain('the-secret-of-ann');
});

test('a cluster in the foreground is ended by Ctrl-C, with its tasks', async () => {
  const [firstPort] = await freePorts(1);
  const up = cli.start('cluster', 'up', `--first-port=${firstPort}`, '--containerizers=process');
  await expect.poll(() => up.text(), patience).toContain('Ctrl-C ends it');
  expect(up.text()).toMatch(/cluster +healthy/);
  const run = cli.start('run', '--command=echo here; exec sleep 77701');
  await expect.poll(() => run.text(), patience).toContain('here');
  up.child.kill('SIGINT');
  expect(await up.ended).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(folder, 'cluster'))).toBe(false);
  run.child.kill('SIGKILL');
  await run.ended;
});

test('a cluster that cannot start says why, and leaves its logs', async () => {
  const [firstPort] = await freePorts(1);
  const wrong = await cli.run(
    'cluster',
    'up',
    '--detach',
    `--first-port=${firstPort}`,
    '--agent-flag=--resources=lots',
  );
  expect(wrong).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('agent-1 does not start') });
  expect(wrong.stderr).toContain('lots');
  expect(existsSync(join(folder, 'cluster', 'agent-1.log'))).toBe(true);
  const none = await cli.run('cluster', 'up', '--masters=2', '--zk=zk://127.0.0.1:9', '--detach');
  expect(none.exitCode).toBeGreaterThan(0);
});
