/** What an agent costs while its tasks only run, and the figures that it gives of itself. */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { TaskState } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const taskCount = 100;
const mostMb = 150;
const mostCpuPercent = 5;
const lookMs = 3_000;

let cluster: SmallCluster;

beforeAll(async () => {
  cluster = await SmallCluster.start({ resources: 'cpus:8;mem:8192;disk:1000;ports:[31000-32000]' });
  const killPolicy = { gracePeriod: { nanoseconds: 1n } };
  const make = (index: number) =>
    cluster.task(
      `t${index}`,
      { command: { shell: true, value: 'exec sleep 1000' }, killPolicy },
      'cpus:0.01;mem:32',
    );
  await cluster.launch(...Array.from({ length: taskCount }, (_, index) => make(index)));
  const running = () => cluster.statuses.filter(({ state }) => state === TaskState.TASK_RUNNING).length;
  await waitFor(() => running() === taskCount, { what: () => `${taskCount} tasks to run; ${running()} do` });
});
afterAll(() => cluster?.close());

/** Processor time so far, of user and system. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function rssMb(pid: number): Promise<number> {
  const [, kb = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

test(`with ${taskCount} tasks it stays below ${mostMb} MB and ${mostCpuPercent} % of a processor`, async () => {
  const pid = cluster.agent?.pid ?? 0;
  await pause(500);
  const before = await cpuMs(pid);
  await pause(lookMs);
  const cpuPercent = ((await cpuMs(pid)) - before) / (lookMs / 100);
  const memoryMb = await rssMb(pid);
  process.stdout.write(`at rest: ${memoryMb.toFixed(0)} MB, ${cpuPercent.toFixed(1)} % of a processor\n`);
  expect(cpuPercent).toBeLessThan(mostCpuPercent);
  expect(memoryMb).toBeLessThan(mostMb);
});

test('its figures have the names that Prometheus and Mesos know', async () => {
  const text = await (await fetch(`${cluster.agentUrl}/metrics`)).text();
  expect(text).toContain('# TYPE mesos_agent_registered gauge\nmesos_agent_registered 1\n');
  expect(text).toContain(`mesos_agent_tasks_running ${taskCount}\n`);
  expect(text).toContain('# TYPE mesos_agent_tasks_failed counter\nmesos_agent_tasks_failed 0\n');
  expect(text).toMatch(/^mesos_agent_cpus_percent 0\.125$/m);
  expect(text).toMatch(/^mesos_agent_system_load_1min \d/m);
  const snapshot = (await (await fetch(`${cluster.agentUrl}/metrics/snapshot`)).json()) as object;
  expect(snapshot).toMatchObject({ 'slave/tasks_running': taskCount, 'slave/executors_running': taskCount });
});
