/** The coordinator as `zk-migrate serve`, killed in the midst of its steps, of the first copy, and of synchronisation. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@orchestrator/runtime';
import { expect, test } from 'vitest';
import { findLost, startWorkload } from '../../packages/sync/test/workload.ts';
import { writeMigrationFile } from '../migration-file.ts';
import { type Running, zkMigrate } from '../zk-migrate.ts';
import { openStage, pause } from './stage.ts';

const patience = { timeout: 60_000, interval: 100 };
/** In its log, in turn: the first step, the first copy, the steady state. */
const moments = ['"step":"preflight"', '"state":"copying"', '"state":"syncing"'];
/** `FAULTS_SEED` repeats a run. */
const seed = Number(process.env.FAULTS_SEED ?? 411);

interface Status {
  readonly status: string;
  readonly live: { readonly sync: { readonly state: string } | null } | null;
}

test('a coordinator killed in a step, in the first copy and in sync goes on where it was, and nothing is lost', async () => {
  const servers = { servers: 1, config: { standaloneEnabled: 'false' } };
  await using stage = await openStage({ source: servers, target: servers });
  await using cli = zkMigrate({ workFolder: join(stage.workFolder, 'work') });
  const { file } = await writeMigrationFile({
    folder: stage.workFolder,
    source: stage.source,
    target: stage.target,
    lines: ['  sync: { lag_threshold_ms: 5000 }'],
  });
  const serverFile = join(stage.workFolder, 'server.yaml');
  await writeFile(serverFile, 'lease_sec: 1\n');
  const serve = async (): Promise<Running> => {
    const server = cli.start('serve', `--config=${serverFile}`);
    await expect.poll(() => server.text(), patience).toContain('serving at');
    return server;
  };
  const load = { client: stage.a, folder: '/app', writer: 'w', nodes: 60, recreatePercent: 10 };
  const workload = await startWorkload({ ...load, updatesPerS: 100 });

  let server = await serve();
  const { connectString: source } = stage.source;
  const { connectString: target } = stage.target;
  const args = [`--source-zk=${source}`, `--target-zk=${target}`, `--config=${file}`, '--detach'];
  const started = cli.run('start', ...args);
  const random = seededRandom(seed);
  for (const moment of moments) {
    await expect.poll(() => server.text(), { ...patience, interval: 10 }).toContain(moment);
    await pause(random.below(150));
    server.child.kill('SIGKILL');
    await server.ended;
    server = await serve();
  }
  await started;
  const standing = async () => {
    const { status, live } = await cli.json<Status>('status');
    return `${status}, ${live?.sync?.state}`;
  };
  await expect.poll(standing, patience).toBe('awaiting-approval, syncing');
  await workload.stop();
  expect(await cli.json('verify')).toMatchObject({ difference_count: 0 });
  expect(workload.acknowledged).toBeGreaterThan(100);
  expect(await findLost(stage.a, workload)).toEqual([]);
  expect(await findLost(stage.b, workload)).toEqual([]);
  expect((await cli.run('audit', 'verify')).stdout, `seed ${seed}`).toMatch(/^intact/);
});
