/** Every kind of check and of health check, of tasks in Docker and of native ones, through what a framework sees of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskState, TaskStatus_Reason, type TaskStatusValid } from '@orchestrator/mesos';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  freePorts,
  startDocker,
  type TestCgroup,
} from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_KILLED } = TaskState;

let engine: DockerEngine;
let image: string;
let cgroup: TestCgroup;
let cluster: SmallCluster;

beforeAll(async () => {
  [engine, cgroup] = await Promise.all([startDocker(), createTestCgroup('checks')]);
  image = await busyboxImage(engine);
  cluster = await SmallCluster.start({
    flags: {
      ...{ containerizers: 'docker,mesos', docker_socket: engine.socketPath },
      ...{ cgroups_root: `${cgroup.path}/mesos`, switch_user: 'false' },
    },
  });
});
afterAll(async () => {
  await cluster?.close();
  await engine?.close();
  await cgroup?.end();
});

/** Serves until it is told to stop, which each kind of check notices; asked to end, it takes its time. */
const serve = (
  port: number,
) => `cd $MESOS_SANDBOX; echo x >ok; busybox httpd -f -p 127.0.0.1:${port} -h . & S=$!
  until [ -e stop ]; do sleep 0.05; done; rm ok; kill $S; sleep 1000`;

const kinds = {
  command: () => ({ type: 1, command: { shell: true, value: 'test -e $MESOS_SANDBOX/ok' } }),
  http: (port: number) => ({ type: 2, http: { port, path: '/ok' } }),
  tcp: (port: number) => ({ type: 3, tcp: { port } }),
} as const;
type Kind = keyof typeof kinds;

const passed: Record<Kind, (status: TaskStatusValid) => boolean> = {
  command: ({ checkStatus }) => checkStatus?.type === 1 && checkStatus.command?.exitCode === 0,
  http: ({ checkStatus }) => checkStatus?.type === 2 && checkStatus.http?.statusCode === 200,
  tcp: ({ checkStatus }) => checkStatus?.type === 3 && checkStatus.tcp?.succeeded === true,
};

const killPolicy = { gracePeriod: { nanoseconds: 100_000_000n } };
const times = { delaySeconds: 0, intervalSeconds: 0.1, timeoutSeconds: 10 };

/** On the network of the machine, where Docker containers are too. */
const places = {
  docker: () => ({ container: { type: 1, docker: { image, network: 1 } } }),
  native: () => ({}),
};

describe.each(['docker', 'native'] as const)('of a task that is %s', (place) => {
  test.each(Object.keys(kinds) as Kind[])(
    '%s: what is found is told, and who fails too often ends',
    async (kind) => {
      const [port = 0] = await freePorts(1);
      const taskId = `${place}-${kind}-${port}`;
      const { command, ...other } = { command: undefined, ...kinds[kind](port) };
      await cluster.run(taskId, serve(port), {
        ...{ ...places[place](), killPolicy },
        check: { ...times, ...other, ...(command && { command: { command } }) },
        healthCheck: {
          ...{ ...times, ...other, ...(command && { command }) },
          // While it starts nothing counts: the grace ends with the first success.
          ...{ gracePeriodSeconds: 60, consecutiveFailures: 2 },
        },
      });
      const healthy = await cluster.until(taskId, TASK_RUNNING, (status) => status.healthy === true);
      expect(healthy.reason).toBe(TaskStatus_Reason.TASK_HEALTH_CHECK_STATUS_UPDATED);
      const checked = await cluster.until(taskId, TASK_RUNNING, passed[kind]);
      expect(checked.reason).toBe(TaskStatus_Reason.TASK_CHECK_STATUS_UPDATED);
      expect(checked.checkStatus?.command === undefined, 'nothing of another kind').toBe(kind !== 'command');

      await writeFile(join(cluster.sandbox(taskId), 'stop'), '');
      const killed = await cluster.until(taskId, TASK_KILLED);
      expect(killed).toMatchObject({
        healthy: false,
        message: expect.stringContaining('Health check failed'),
      });
      const isFailure = ({ state, healthy: is, reason }: TaskStatusValid) =>
        state === TASK_RUNNING && !is && reason === TaskStatus_Reason.TASK_HEALTH_CHECK_STATUS_UPDATED;
      expect(cluster.statusesOf(taskId).filter(isFailure), 'failures in a row').toHaveLength(2);
    },
  );
});

test('a task that does not become healthy in its time ends, after the failures that it may have', async () => {
  const taskId = `never-${Date.now()}`;
  const healthCheck = { ...times, ...kinds.command(), gracePeriodSeconds: 1, consecutiveFailures: 3 };
  const startMs = Date.now();
  await cluster.run(taskId, 'sleep 1000', { healthCheck, killPolicy });
  await cluster.until(taskId, TASK_KILLED);
  expect(Date.now() - startMs, 'the grace').toBeGreaterThan(1_000);
  const failures = cluster
    .statusesOf(taskId)
    .filter(
      ({ state, reason }) =>
        state === TASK_RUNNING && reason === TaskStatus_Reason.TASK_HEALTH_CHECK_STATUS_UPDATED,
    );
  expect(failures).toHaveLength(3);
});
