/** Images of native containers: a real registry, skopeo, umoci and runc under a real master. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAgentClient, agent as protocol, TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import {
  createTestCgroup,
  removeFolder,
  type TestCgroup,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DockerRuntime } from '../src/index.ts';
import { shellSpec } from './container-spec.ts';
import { type ImageRegistry, startRegistry } from './image-registry.ts';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_FINISHED, TASK_FAILED, TASK_KILLED } = TaskState;

let folder: string;
let cgroup: TestCgroup;
let registry: ImageRegistry;
let cluster: SmallCluster;

beforeAll(async () => {
  folder = await temporaryFolder('images');
  cgroup = await createTestCgroup('images');
  registry = await startRegistry(join(folder, 'registry'));
  cluster = await SmallCluster.start({
    flags: {
      ...{ containerizers: 'mesos', image_providers: 'docker', docker_config: registry.dockerConfig },
      docker_registry: `http://${registry.host}`,
      cgroups_root: `${cgroup.path}/mesos`,
    },
  });
});
afterAll(async () => {
  await cluster?.close();
  await registry?.stop();
  await cgroup?.end();
  await removeFolder(folder);
});

const killPolicy = { gracePeriod: { nanoseconds: 1n } };
const inImage = (name: string, more: object = {}) => ({
  container: { type: 2, mesos: { image: { type: 2, docker: { name }, ...more } } },
  killPolicy,
});
const log = (taskId: string, name = 'stdout') => readFile(join(cluster.sandbox(taskId), name), 'utf8');
const stored = async () => (await readdir(join(cluster.workDir, 'store/docker/images'))).length;

/** What its `/mark` holds. */
async function markOf(taskId: string, image: string, more: object = {}): Promise<string> {
  await cluster.run(taskId, 'cat /mark', inImage(image, more));
  await cluster.until(taskId, TASK_FINISHED);
  return await log(taskId);
}

test('a task has the command, variables, folder and user of its image', async () => {
  const script = 'id -un; pwd; echo "$GREETING $OWN $0"; touch made $MESOS_SANDBOX/made; ls -d /usr 2>&1';
  await registry.push('tasks/app:1', 'one', [
    ['entrypoint', '/bin/sh'],
    ['entrypoint', '-c'],
    ['cmd', script],
    ['cmd', 'named'],
    ['env', 'GREETING=hello'],
    ['workingdir', '/home/task'],
    ['user', 'task'],
  ]);
  const environment = { variables: [{ name: 'OWN', value: 'too' }] };
  await cluster.launch(
    cluster.task('app', { command: { shell: false, environment }, ...inImage('tasks/app:1') }),
  );
  await cluster.until('app', TASK_FAILED);
  expect(await log('app')).toBe('task\n/home/task\nhello too named\nls: /usr: No such file or directory\n');
});

test('no device can be opened that containers do not have', async () => {
  const value = 'mknod /tmp/memory c 1 1 && head -c 1 /tmp/memory; echo $?; head -c 1 /dev/zero | wc -c';
  await cluster.run('devices', value, {
    ...inImage('tasks/app:1'),
    command: { shell: true, value, user: 'root' },
  });
  await cluster.until('devices', TASK_FINISHED);
  expect(await log('devices')).toBe('1\n1\n');
  expect(await log('devices', 'stderr')).toMatch(/not permitted/);
});

test('a tag is looked up once, or each time when it is not to be cached; a digest stands for itself', async () => {
  const digest = await registry.push('tasks/moving', 'first');
  expect(await markOf('m1', 'tasks/moving')).toBe('first');
  await registry.push('tasks/moving', 'second');
  expect(await markOf('m2', 'tasks/moving')).toBe('first');
  expect(await markOf('m3', 'tasks/moving', { cached: false })).toBe('second');
  expect(await markOf('m4', 'tasks/moving')).toBe('second');
  expect(await markOf('m5', `${registry.host}/tasks/moving@${digest}`)).toBe('first');
});

test('what cannot be had is said, and no password with it', async () => {
  const auth = Buffer.from('puller:mistaken').toString('base64');
  const data = Buffer.from(JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const config = { type: 2, value: { data } };
  const docker = { name: 'tasks/secret', config };
  await registry.push('tasks/secret', 'x');
  await cluster.run('wrong', 'true', { container: { type: 2, mesos: { image: { type: 2, docker } } } });
  const refused = await cluster.until('wrong', TASK_FAILED);
  expect(refused.reason).toBe(TaskStatus_Reason.CONTAINER_LAUNCH_FAILED);
  expect(refused.message).toMatch(
    /image 127\.0\.0\.1:\d+\/tasks\/secret:latest: .*(unauthorized|authentication)/i,
  );
  expect(refused.message).not.toContain('mistaken');
  await cluster.run('missing', 'true', inImage('tasks/nowhere'));
  expect((await cluster.until('missing', TASK_FAILED)).message).toMatch(/tasks\/nowhere:latest: .*unknown/);
});

test('images in use and those that are named stay, the others are removed when an operator says so', async () => {
  await registry.push('tasks/kept', 'kept');
  expect(await markOf('kept', 'tasks/kept')).toBe('kept');
  await cluster.run('user', 'sleep 1000', inImage('tasks/moving'));
  await cluster.until('user', TASK_RUNNING);
  expect(await stored()).toBeGreaterThan(2);
  await cluster.killAgent();
  await cluster.startAgent();
  await waitFor(async () => (await cluster.state()).frameworks.length === 1, { what: 'the agent' });
  const client = createAgentClient({ agent: { host: '127.0.0.1', port: cluster.agentPort } });
  const excludedImages = [{ type: 2, docker: { name: 'tasks/kept' } }] as never;
  await client.call({ type: protocol.Call_Type.PRUNE_IMAGES, pruneImages: { excludedImages } });
  expect(await stored()).toBe(2);
  await cluster.kill('user');
  await cluster.until('user', TASK_KILLED);
});

test('what was pulled is there without the registry, also for the next agent', async () => {
  await registry.stop();
  await cluster.killAgent();
  // As an agent leaves it that dies during a pull.
  await mkdir(join(cluster.workDir, 'store/docker/staging/half/rootfs'), { recursive: true });
  await cluster.startAgent();
  expect(await markOf('offline', 'tasks/kept')).toBe('kept');
  await cluster.run('gone', 'true', inImage('tasks/app:1'));
  expect((await cluster.until('gone', TASK_FAILED)).message).toContain('connection refused');
  expect(await readdir(join(cluster.workDir, 'store/docker/staging'))).toEqual([]);
});

test('beside it, the containerizer of Docker takes containers of its own type only', async () => {
  const docker = new DockerRuntime({ stateFolder: folder, leavesMesosImages: true });
  const spec = await shellSpec(folder, 'true', { image: { name: 'tasks/app' } });
  expect(docker.refuses(spec)).toContain('MESOS');
  expect(docker.refuses({ ...spec, docker: {} })).toBeUndefined();
});

test('which images there are is beside the flags', async () => {
  const { flags } = (await (await fetch(`${cluster.agentUrl}/flags`)).json()) as { flags: object };
  expect(flags).toMatchObject({ images_in_use: 'docker', containerizers_in_use: 'native' });
});
