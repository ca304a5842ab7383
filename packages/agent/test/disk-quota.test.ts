/** `--enforce_container_disk_quota` under a real master: who writes more than was asked for ends, and is told why. */
import { Resources, TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import { createTestCgroup, type TestCgroup, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_FAILED } = TaskState;
const { CONTAINER_LIMITATION_DISK } = TaskStatus_Reason;
const quota = { enforce_container_disk_quota: 'true', container_disk_watch_interval: '200ms' };
const withDisk = (text: string) => ({ resources: Resources.parse(`cpus:0.1;mem:32;${text}`).toMessages() });
const writes = 'head -c 3000000 /dev/zero >big; sleep 1000';

let cgroup: TestCgroup;
let cluster: SmallCluster;

afterAll(async () => {
  await cgroup?.end();
});

describe.each(['process', 'native'])('in a container of %s', (containerizers) => {
  beforeAll(async () => {
    cgroup ??= await createTestCgroup('quota');
    const flags = { containerizers, cgroups_root: `${cgroup.path}/mesos`, switch_user: 'false', ...quota };
    cluster = await SmallCluster.start({ flags });
  });
  afterAll(() => cluster?.close());

  test('a task that writes more than it asked for is ended, one that does not runs on', async () => {
    await cluster.run('modest', writes, withDisk('disk:8'));
    await cluster.run('free', writes, withDisk(''));
    await cluster.run('greedy', writes, withDisk('disk:1'));
    const { reason, message, limitation } = await cluster.until('greedy', TASK_FAILED);
    expect(reason).toBe(CONTAINER_LIMITATION_DISK);
    expect(message).toMatch(/^Disk usage \(\d+KB\) exceeds quota \(1MB\)$/);
    expect(Resources.from(limitation?.resources ?? []).thousandths('disk')).toBe(1_000);
    for (const taskId of ['modest', 'free'])
      expect(cluster.statusesOf(taskId).map(({ state }) => state)).toContain(TASK_RUNNING);
    expect(cluster.statuses.filter(({ state }) => state === TASK_FAILED)).toHaveLength(1);
  });

  test('what a task has on the disk is among its figures', async () => {
    type Statistics = { executor_id: string; statistics: Record<string, unknown> }[];
    const find = async () => {
      const answer = await fetch(`${cluster.agentUrl}/monitor/statistics`);
      const all = (await answer.json()) as Statistics;
      return all.find(({ executor_id }) => executor_id === 'modest')?.statistics;
    };
    await waitFor(async () => (await find())?.disk_used_bytes !== undefined, { what: 'the figures' });
    const figures = await find();
    expect(figures).toMatchObject({ disk_limit_bytes: 8 * 2 ** 20 });
    expect(figures?.disk_statistics).toEqual([
      { limit_bytes: 8 * 2 ** 20, used_bytes: figures?.disk_used_bytes },
    ]);
    expect(Number(figures?.disk_used_bytes)).toBeGreaterThanOrEqual(3_000_000);
  });

  test('one that was found again after kill -9 of the agent is held to its quota too', async () => {
    await cluster.run('patient', `until [ -e go ]; do sleep 0.1; done; ${writes}`, withDisk('disk:1'));
    await cluster.until('patient', TASK_RUNNING);
    await cluster.killAgent();
    await cluster.startAgent();
    await waitFor(async () => (await cluster.state()).frameworks.length === 1, { what: 'the agent' });
    await cluster.run('go', `touch ${cluster.sandbox('patient')}/go; exit 0`);
    const { reason } = await cluster.until('patient', TASK_FAILED);
    expect(reason).toBe(CONTAINER_LIMITATION_DISK);
  });
});
