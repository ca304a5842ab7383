/** Docker tasks from a framework's LAUNCH to their container: a real master, a real agent, a real Docker Engine. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import {
  busyboxImage,
  type DockerEngine,
  freePorts,
  runCommand,
  startDocker,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_FINISHED, TASK_FAILED, TASK_KILLED, TASK_KILLING } = TaskState;

let engine: DockerEngine;
let image: string;
let webPort: number;
let cluster: SmallCluster;

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  [webPort = 0] = await freePorts(1);
  cluster = await SmallCluster.start({
    flags: { containerizers: 'docker', docker_socket: engine.socketPath },
    resources: `cpus:8;mem:4096;disk:1000;ports:[${webPort}-${webPort}]`,
  });
});
afterAll(async () => {
  await cluster?.close();
  await engine?.close();
});

const docker = async (...args: string[]) =>
  (await runCommand('docker', ['--host', engine.dockerHost, ...args])).stdout;

const inDocker = (more: object = {}, also: object = {}) => ({
  container: { type: 1, docker: { image, network: 1, ...more }, ...also } as const,
});

const log = (taskId: string, name = 'stdout') => readFile(join(cluster.sandbox(taskId), name), 'utf8');

test('a task runs in its image, on the host network, and its output is in its sandbox', async () => {
  await cluster.run('hello', 'echo "$GREETING"; echo oops >&2; hostname', {
    command: {
      shell: true,
      value: 'echo "$GREETING from $(id -un)"; echo oops >&2; test -x /bin/busybox',
      environment: { variables: [{ name: 'GREETING', value: 'hello' }] },
    },
    ...inDocker(),
  });
  const running = await cluster.until('hello', TASK_RUNNING);
  expect(running.containerStatus?.networkInfos[0]?.ipAddresses[0]?.ipAddress).toBe('127.0.0.1');
  await cluster.until('hello', TASK_FINISHED);
  expect(await log('hello')).toBe('hello from root\n');
  expect(await log('hello', 'stderr')).toBe('oops\n');
});

test('which images need not be pulled is told to whoever asks', async () => {
  const answer = await waitFor(() => fetch(`${cluster.agentUrl}/images`), { what: 'the agent to answer' });
  expect(await answer.json()).toMatchObject({
    images: [{ id: expect.stringMatching(/^sha256:/), names: [image], size_bytes: expect.any(Number) }],
  });
});

test('on the bridge it has an address of its own, and offered ports are mapped into it', async () => {
  const value = 'mkdir /w; echo served >/w/index.html; exec httpd -f -p 80 -h /w';
  const portMappings = [{ hostPort: webPort, containerPort: 80, protocol: 'tcp' }];
  const task = cluster.task(
    'web',
    {
      command: { shell: true, value },
      ...inDocker({ network: 2, portMappings }),
      healthCheck: { type: 2, http: { port: 80, path: '/' }, delaySeconds: 0, intervalSeconds: 0.1 },
    },
    `cpus:0.2;mem:64;ports:[${webPort}-${webPort}]`,
  );
  await cluster.launch(task);
  const { containerStatus } = await cluster.until('web', TASK_RUNNING);
  const address = containerStatus?.networkInfos[0]?.ipAddresses[0]?.ipAddress ?? '';
  expect(address).toMatch(/^10\.213\./);
  const healthy = await cluster.until('web', TASK_RUNNING, (status) => status.healthy === true);
  expect(healthy.reason).toBe(TaskStatus_Reason.TASK_HEALTH_CHECK_STATUS_UPDATED);
  expect(await (await fetch(`http://127.0.0.1:${webPort}/`)).text()).toBe('served\n');
  await cluster.kill('web', 0.2);
  await cluster.until('web', TASK_KILLED);

  const other = [{ hostPort: webPort - 1, containerPort: 80, protocol: 'tcp' }];
  await cluster.run('robber', value, inDocker({ network: 2, portMappings: other }));
  expect(await cluster.until('robber', TASK_FAILED)).toMatchObject({
    reason: TaskStatus_Reason.CONTAINER_LAUNCH_FAILED,
    message: expect.stringContaining(`host port ${webPort - 1} is not among the resources of the task`),
  });
});

test('volumes of every kind are where they belong, and written to by those who may', async () => {
  const [host, name] = [join(cluster.folder, `host-${webPort}`), `tasks-${webPort}`];
  await mkdir(host);
  await writeFile(join(host, 'given'), 'from the machine\n');
  const dockerVolume = { driver: 'local', name };
  const volumes = [
    { mode: 2, containerPath: '/host', hostPath: host },
    { mode: 1, containerPath: '/self', source: { type: 2, sandboxPath: { type: 1, path: 'inner' } } },
    { mode: 1, containerPath: 'named', source: { type: 1, dockerVolume } },
    { mode: 2, containerPath: '/again', source: { type: 1, dockerVolume } },
    { mode: 1, containerPath: '/old', hostPath: `${name}-old` },
  ];
  const value = `cat /host/given; touch /host/no; echo own >/self/file; echo kept >$MESOS_SANDBOX/named/file
    cat /again/file; touch /again/no; echo old >/old/file`;
  const taskId = `volumes-${webPort}`;
  await cluster.run(taskId, value, inDocker({ volumeDriver: 'local' }, { volumes }));
  await cluster.until(taskId, TASK_FINISHED);
  expect(await log(taskId)).toBe('from the machine\nkept\n');
  expect(await log(taskId, 'stderr')).toMatch(/host\/no: Read-only[\s\S]*again\/no: Read-only/);
  expect(await readFile(join(cluster.sandbox(taskId), 'inner/file'), 'utf8')).toBe('own\n');
  const names = (await docker('volume', 'ls', '--quiet')).split('\n');
  for (const each of [name, `${name}-old`]) expect(names).toContain(each);
});

test('labels of a task are those of its container', async () => {
  const labels = { labels: [{ key: 'team', value: 'search' }] };
  await cluster.run('labelled', 'sleep 1000', { ...inDocker(), labels });
  await cluster.until('labelled', TASK_RUNNING);
  const { value } = cluster.containerOf('labelled');
  const names = await docker('ps', '--filter', 'label=team=search', '--format', '{{.Names}}');
  expect(names.trim()).toBe(`mesos-${value}`);
  await cluster.kill('labelled', 0);
  await cluster.until('labelled', TASK_KILLED);
});

test('a check tells its result, and a failing health check ends the task', async () => {
  const killPolicy = { gracePeriod: { nanoseconds: 100_000_000n } };
  await cluster.run('checked', 'sleep 1000', {
    ...{ ...inDocker(), killPolicy },
    check: { type: 1, command: { command: { shell: true, value: 'exit 3' } }, delaySeconds: 0 },
    healthCheck: {
      ...{ type: 1, command: { shell: true, value: 'test -e /tmp/no' } },
      ...{ delaySeconds: 0.5, intervalSeconds: 0.1, gracePeriodSeconds: 0, consecutiveFailures: 2 },
    },
  });
  const checked = await cluster.until(
    'checked',
    TASK_RUNNING,
    (status) => status.checkStatus?.command?.exitCode === 3,
  );
  expect(checked.reason).toBe(TaskStatus_Reason.TASK_CHECK_STATUS_UPDATED);
  expect(await cluster.until('checked', TASK_KILLED)).toMatchObject({ healthy: false });
});

test('memory beyond its limit fails it, with the reason and the limit', async () => {
  const value = 'x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo survived';
  await cluster.launch(
    cluster.task('greedy', { command: { shell: true, value }, ...inDocker() }, 'cpus:0.2;mem:32'),
  );
  const failed = await cluster.until('greedy', TASK_FAILED);
  expect(failed.reason).toBe(TaskStatus_Reason.CONTAINER_LIMITATION_MEMORY);
  expect(failed.limitation?.resources[0]).toMatchObject({ name: 'mem', scalar: { value: 32 } });
});

test('a kill waits for the grace of its policy, and the policy of the kill itself wins', async () => {
  const deaf = 'trap "echo asked" TERM; echo ready; while :; do sleep 0.05; done';
  const killPolicy = { gracePeriod: { nanoseconds: 600_000_000_000n } };
  await cluster.run('deaf', deaf, { ...inDocker(), killPolicy });
  await cluster.until('deaf', TASK_RUNNING);
  await waitFor(async () => (await log('deaf')).includes('ready'), { what: 'the trap' });
  await cluster.kill('deaf', 0.3);
  await cluster.until('deaf', TASK_KILLING);
  await cluster.until('deaf', TASK_KILLED);
  expect(await log('deaf')).toContain('asked');
});

test('what cannot be started fails with its reason, and nothing is left', async () => {
  const missing = { container: { type: 1, docker: { image: '127.0.0.1:1/no/such', network: 1 } } } as const;
  await cluster.run('missing', 'true', missing);
  const failed = await cluster.until('missing', TASK_FAILED);
  expect(failed.reason).toBe(TaskStatus_Reason.CONTAINER_LAUNCH_FAILED);
  expect(failed.message).toContain('127.0.0.1:1/no/such');
  await waitFor(async () => (await docker('ps', '--all', '--quiet')) === '', { what: 'nothing to be left' });
});

test('kill -9 of the agent keeps tasks, updates that wait, and the exit code of what ended meanwhile', async () => {
  await cluster.run('stays', 'until [ -e $MESOS_SANDBOX/go ]; do sleep 0.05; done; exit 4', inDocker());
  await cluster.run(
    'ends',
    'echo begun; until [ -e $MESOS_SANDBOX/go ]; do sleep 0.05; done; exit 9',
    inDocker(),
  );
  for (const taskId of ['stays', 'ends']) await cluster.until(taskId, TASK_RUNNING);
  cluster.acknowledges = false;
  await cluster.run('pending', 'true', inDocker());
  await cluster.until('pending', TaskState.TASK_STARTING);
  await waitFor(async () => (await docker('ps', '-a')).includes('Exited (0)'), { what: 'its end' });
  await cluster.killAgent();
  await writeFile(join(cluster.sandbox('ends'), 'go'), '');
  await waitFor(async () => (await docker('ps', '-a')).includes('Exited (9)'), { what: 'an end' });
  cluster.acknowledges = true;
  await cluster.startAgent();
  expect(await cluster.until('ends', TASK_FAILED)).toMatchObject({ message: 'Command exited with status 9' });
  await cluster.until('pending', TASK_FINISHED);
  expect(await log('ends')).toBe('begun\n');
  expect(cluster.statusesOf('stays').at(-1)?.state).toBe(TASK_RUNNING);
  await writeFile(join(cluster.sandbox('stays'), 'go'), '');
  expect(await cluster.until('stays', TASK_FAILED)).toMatchObject({
    message: 'Command exited with status 4',
  });
  await waitFor(async () => (await docker('ps', '--all', '--quiet')) === '', { what: 'nothing to be left' });
});
