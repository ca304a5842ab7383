/** A single master and Docker containers; the cluster's own supervisor is killed, and everything is found all the same. */
import { existsSync } from 'node:fs';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  startDocker,
  type TestCgroup,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, type LocalCluster, processesWith, startLocalCluster } from './local-cluster.ts';

const patience = { timeout: 60_000, interval: 50 };
/** Seconds that no other process of this machine sleeps. */
const [inImageSec, withoutSec] = [`555${process.pid}`, `556${process.pid}`];
let engine: DockerEngine;
let cgroup: TestCgroup;
let cluster: LocalCluster;
let image: string;

beforeAll(async () => {
  [engine, cgroup] = await Promise.all([startDocker(), createTestCgroup('cluster')]);
  image = await busyboxImage(engine);
  // As Docker's own commands, it goes by this.
  process.env.DOCKER_HOST = engine.dockerHost;
  cluster = await startLocalCluster(`--agent-flag=--cgroups_root=${cgroup.path}/containers`);
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await cgroup?.end();
  await engine?.close();
});

test('tasks run in Docker images and without', async () => {
  const { cli } = cluster;
  const inImage = ['run', '--quiet', `--docker-image=${image}`, '--network=none', '--kill-grace=1'];
  expect(await cli.run(...inImage, '--command=echo in an image; exit 4')).toMatchObject({
    ...{ exitCode: 4, stdout: 'in an image\n' },
  });
  expect(await cli.run(...inImage, '--', 'echo', 'with', 'words')).toMatchObject({
    ...{ exitCode: 0, stdout: 'with words\n' },
  });
  const id = (await cli.run(...inImage, '--detach', `--command=exec sleep ${inImageSec}`)).stdout.trim();
  expect(await cli.run('exec', id, 'echo', 'inside')).toMatchObject({ exitCode: 0, stdout: 'inside\n' });
});

test('the supervisor is killed: status says so, down cleans up', async () => {
  const { cli } = cluster;
  await cli.run('run', '--quiet', '--detach', `--command=exec sleep ${withoutSec}`);
  await expect.poll(async () => (await processesWith(inImageSec)).length, patience).toBeGreaterThan(0);
  await expect.poll(async () => (await processesWith(withoutSec)).length, patience).toBeGreaterThan(0);
  const { parts } = await cluster.status();
  process.kill(await cluster.supervisor(), 'SIGKILL');
  expect(await cli.run('cluster', 'status')).toMatchObject({
    ...{ exitCode: 3, stdout: expect.stringContaining('its parts run on until orchestrator cluster down') },
  });
  // What it ran goes on, and can be used.
  expect(await cli.json<unknown[]>('tasks')).toHaveLength(2);

  expect(await cli.run('cluster', 'down')).toMatchObject({ exitCode: 0 });
  expect(await processesWith(`sleep\u0000${inImageSec}`)).toEqual([]);
  expect(await processesWith(`sleep\u0000${withoutSec}`)).toEqual([]);
  expect(await Promise.all(parts.map(({ pid }) => isAlive(pid)))).not.toContain(true);
  expect(existsSync(cluster.folder)).toBe(false);
});
