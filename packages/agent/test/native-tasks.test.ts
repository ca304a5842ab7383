/** Tasks without an image, from a framework's LAUNCH to runc: a real master, a real agent. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import { createTestCgroup, type TestCgroup, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressPattern, pairsLeased, writePairs } from './cni-pairs.ts';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_FINISHED, TASK_FAILED, TASK_KILLED } = TaskState;

let cgroup: TestCgroup;
let cluster: SmallCluster;

beforeAll(async () => {
  cgroup = await createTestCgroup('tasks');
  cluster = await SmallCluster.start({
    flags: { containerizers: 'mesos', cgroups_root: `${cgroup.path}/mesos`, switch_user: 'false' },
    resources: 'cpus:8;mem:4096;disk:1000;ports:[31000-32000];cpuset:{0,1}',
    prepare: writePairs,
  });
});
afterAll(async () => {
  await cluster?.close();
  await cgroup?.end();
});

const log = (taskId: string, name = 'stdout') => readFile(join(cluster.sandbox(taskId), name), 'utf8');

test('a task runs under runc in its sandbox, with the environment that Mesos gives', async () => {
  await cluster.run(
    'plain',
    'pwd; echo $MESOS_EXECUTOR_ID $MESOS_AGENT_ENDPOINT "$MESOS_ALLOCATION_ROLE"; cat /proc/1/cmdline; exit 0',
  );
  await cluster.until('plain', TASK_FINISHED);
  const lines = (await log('plain')).split('\n');
  expect(lines[0]).toMatch(/\/frameworks\/.*\/executors\/plain\/runs\/[0-9a-f-]{36}$/);
  expect(lines[1]).toBe(`plain 127.0.0.1:${cluster.agentPort} *`);
});

test('on a CNI network it has an address, which is given back', async () => {
  const container = { type: 2, mesos: {}, networkInfos: [{ name: 'pairs' }] };
  await cluster.run('networked', 'hostname -I; sleep 1000', { container });
  const running = await cluster.until('networked', TASK_RUNNING);
  const address = running.containerStatus?.networkInfos[0]?.ipAddresses[0]?.ipAddress;
  expect(address).toMatch(addressPattern);
  await waitFor(async () => (await log('networked')).trim() === address, { what: 'its own view' });
  await cluster.kill('networked');
  await cluster.until('networked', TASK_KILLED);
  const leases = () => pairsLeased(cluster.folder);
  await waitFor(async () => (await leases()).length === 0, { what: 'the address to be free' });
});

test('memory beyond its limit fails it, with the reason and the limit', async () => {
  const value = 'x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo survived';
  await cluster.launch(cluster.task('greedy', { command: { shell: true, value } }, 'cpus:0.2;mem:32'));
  const failed = await cluster.until('greedy', TASK_FAILED);
  expect(failed.reason).toBe(TaskStatus_Reason.CONTAINER_LIMITATION_MEMORY);
  expect(failed.limitation?.resources[0]).toMatchObject({ name: 'mem', scalar: { value: 32 } });
});

test('who takes processors by name from an offer runs on these alone', async () => {
  const value = 'grep Cpus_allowed_list /proc/self/status';
  const resources = 'cpus:0.2;mem:32;cpuset:{1}';
  await cluster.launch(cluster.task('pinned', { command: { shell: true, value } }, resources));
  await cluster.until('pinned', TASK_FINISHED);
  expect(await log('pinned')).toBe('Cpus_allowed_list:\t1\n');
});

test('ids as long as Mesos allows', async () => {
  const taskId = 'x'.repeat(255);
  await cluster.run(taskId, 'echo long');
  await cluster.until(taskId, TASK_FINISHED);
  expect(await log(taskId)).toBe('long\n');
});

test('kill -9 of the agent keeps tasks and the exit code of what ended meanwhile', async () => {
  await cluster.run('stays', 'until [ -e go ]; do sleep 0.05; done; exit 4');
  await cluster.run('ends', 'until [ -e go ]; do sleep 0.05; done; exit 9');
  for (const taskId of ['stays', 'ends']) await cluster.until(taskId, TASK_RUNNING);
  await cluster.killAgent();
  await writeFile(join(cluster.sandbox('ends'), 'go'), '');
  const exits = join(cluster.workDir, 'containers/native/exits');
  await waitFor(async () => (await readdir(exits)).length === 1, { what: 'the exit code' });
  await cluster.startAgent();
  expect(await cluster.until('ends', TASK_FAILED)).toMatchObject({ message: 'Command exited with status 9' });
  await writeFile(join(cluster.sandbox('stays'), 'go'), '');
  expect(await cluster.until('stays', TASK_FAILED)).toMatchObject({
    message: 'Command exited with status 4',
  });
});

test('nothing of them is left but their sandboxes', async () => {
  const state = join(cluster.workDir, 'containers/native');
  const isEmpty = async () => {
    const folders = await Promise.all(
      ['containers', 'exits', 'runc'].map((name) => readdir(join(state, name))),
    );
    return folders.flat().length === 0;
  };
  await waitFor(isEmpty, { what: 'the containers to be gone' });
  const hierarchies = ['', ...(await readdir('/sys/fs/cgroup'))];
  const left = hierarchies.map((name) => join('/sys/fs/cgroup', name, cgroup.path, 'mesos'));
  for (const path of left.filter((one) => existsSync(one))) {
    const entries = await readdir(path, { withFileTypes: true });
    expect(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)).toEqual([]);
  }
});
