/** A group of native tasks: one network and one folder among them, through a restart of the agent, and nothing left. */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Resources, TaskState } from '@orchestrator/mesos';
import { createTestCgroup, type TestCgroup, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressPattern, pairsLeased, writePairs } from './cni-pairs.ts';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_KILLED, TASK_FINISHED } = TaskState;

let cgroup: TestCgroup;
let cluster: SmallCluster;

beforeAll(async () => {
  cgroup = await createTestCgroup('groups');
  cluster = await SmallCluster.start({
    flags: { containerizers: 'mesos', cgroups_root: `${cgroup.path}/mesos`, switch_user: 'false' },
    prepare: writePairs,
  });
});
afterAll(async () => {
  await cluster?.close();
  await cgroup?.end();
});

const leases = () => pairsLeased(cluster.folder);

/** As Marathon has it: below the sandbox of the executor, in each task at a place of its own. */
const shared = (containerPath: string) => ({
  container: {
    ...{ type: 2, mesos: {} },
    volumes: [{ mode: 1, containerPath, source: { type: 2, sandboxPath: { type: 2, path: 'common' } } }],
  },
});

async function launchGroup(executorId: string, tasks: Record<string, unknown>[]): Promise<void> {
  const offer = await cluster.takeOffer();
  const executor = {
    ...{ type: 1, executorId: { value: executorId }, frameworkId: { value: cluster.framework?.frameworkId } },
    resources: Resources.parse('cpus:0.1;mem:32;disk:32').allocatedTo('*').toMessages(),
    container: { type: 2, mesos: {}, networkInfos: [{ name: 'pairs' }] },
  };
  const taskGroup = { tasks: tasks.map((task) => ({ ...task, agentId: offer.agentId })) };
  await cluster.accept(offer, [{ type: 6, launchGroup: { executor, taskGroup } }]);
}

test('its tasks reach each other at loopback, share a folder, and give back their address when all have ended', async () => {
  const command = (value: string) => ({ command: { shell: true, value } });
  const serve = `until [ -e in/page ]; do sleep 0.05; done
    exec /bin/busybox httpd -f -p 127.0.0.1:8080 -h in`;
  const fetch = `echo served >out/page; hostname -I; echo $MESOS_CONTAINER_IP
    until /bin/busybox wget -q -O - http://127.0.0.1:8080/page; do sleep 0.05; done
    until [ -e go ]; do sleep 0.05; done`;
  await launchGroup('pod', [
    cluster.task('server', { ...command(serve), ...shared('in') }),
    cluster.task('client', { ...command(fetch), ...shared('out') }),
  ]);
  const [server, client] = await Promise.all(
    ['server', 'client'].map((id) => cluster.until(id, TASK_RUNNING)),
  );
  const addressOf = (status: typeof server) =>
    status?.containerStatus?.networkInfos[0]?.ipAddresses[0]?.ipAddress ?? '';
  const address = addressOf(client);
  expect(address).toMatch(addressPattern);
  expect(addressOf(server)).toBe(address);
  const sandbox = join(cluster.sandbox('pod'), 'tasks/client');
  const said = () => readFile(join(sandbox, 'stdout'), 'utf8');
  await waitFor(async () => (await said()).includes('served'), { what: 'the other task to answer' });
  expect((await said()).split(/\s+/)).toEqual([address, address, 'served', '']);
  expect(await readFile(join(cluster.sandbox('pod'), 'common/page'), 'utf8')).toBe('served\n');
  expect(await leases()).toEqual([address]);

  await cluster.killAgent();
  await cluster.startAgent();
  await writeFile(join(sandbox, 'go'), '');
  await cluster.until('client', TASK_FINISHED);
  expect(await leases(), 'of the one that runs on').toEqual([address]);
  await cluster.kill('server', 0.1);
  await cluster.until('server', TASK_KILLED);
  await waitFor(async () => (await leases()).length === 0, { what: 'the address to be free' });
  const networks = join(cluster.workDir, 'containers/native/networks');
  await waitFor(async () => (await readdir(networks)).length === 0, { what: 'the end of its record' });
  const { value } = cluster.containerOf('server');
  expect(existsSync(`/run/netns/mesos-${value}`)).toBe(false);
});

test('a network that an agent left without anybody in it is taken down by the next', async () => {
  await launchGroup('lost', [cluster.task('one', { command: { shell: true, value: 'sleep 1000' } })]);
  await cluster.until('one', TASK_RUNNING);
  const networks = join(cluster.workDir, 'containers/native/networks');
  const [record = ''] = await readdir(networks);
  const text = await readFile(join(networks, record), 'utf8');
  await cluster.killAgent();
  // As if it had died between two steps of the last to go.
  await writeFile(
    join(networks, 'of-nobody.json'),
    text.replaceAll(record.replace('.json', ''), 'of-nobody'),
  );
  await cluster.startAgent();
  await waitFor(async () => (await readdir(networks)).join() === record, {
    what: 'the other one to be gone',
  });
  await cluster.kill('one', 0.1);
  await cluster.until('one', TASK_KILLED);
  await waitFor(async () => (await leases()).length === 0, { what: 'the address to be free' });
});
