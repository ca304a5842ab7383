/** Custom executors of both kinds against a real agent and a real master, through restarts of the agent. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resources, scheduler, TaskState } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmallCluster } from './small-cluster.ts';

const { TASK_RUNNING, TASK_KILLED, TASK_FAILED } = TaskState;
const { Call_Type: calls } = scheduler;

let cluster: SmallCluster;

beforeAll(async () => {
  cluster = await SmallCluster.start();
});
afterAll(() => cluster?.close());

const program = (name: string) => `exec ${process.execPath} ${fileURLToPath(new URL(name, import.meta.url))}`;

function custom(taskId: string, executorId: string, value: string): Record<string, unknown> {
  const frameworkId = { value: cluster.framework?.frameworkId ?? '' };
  const resources = Resources.parse('cpus:0.1;mem:32').allocatedTo('*').toMessages();
  const executor = { type: 2, executorId: { value: executorId }, frameworkId, command: { value }, resources };
  return cluster.task(taskId, { executor, data: Buffer.from('d') });
}

const offered = async () => {
  const { agentId } = await cluster.takeOffer();
  return agentId;
};

describe.each([
  ['of the v1 API', 'executor-program.ts', 'v1'],
  ['of libprocess', 'old-executor-program.ts', 'old'],
])('an executor %s', (_, file, name) => {
  const [one, two] = [`${name}-1`, `${name}-2`];

  test('registers, runs what it is given, and hears of kills and messages', async () => {
    await cluster.launch(custom(one, name, program(file)));
    const running = await cluster.until(one, TASK_RUNNING);
    expect(Buffer.from(running.data).toString()).toBe('d');
    const agentId = running.agentId ?? (await offered());
    await cluster.framework?.call({
      type: calls.MESSAGE,
      message: { agentId, executorId: { value: name }, data: Buffer.from('hello') },
    });
    await waitFor(() => cluster.messages.some((message) => message === 'hello'), { what: 'its answer' });
    cluster.messages.length = 0;
    await cluster.kill(one);
    await cluster.until(one, TASK_KILLED);
  });

  test('finds the agent again after kill -9, and what it had to tell', async () => {
    await cluster.launch(custom(two, name, program(file)));
    await cluster.until(two, TASK_RUNNING);
    const before = (await cluster.state()).frameworks.flatMap(({ executors }) => executors);
    await cluster.killAgent();
    await cluster.startAgent();
    const after = await waitFor(
      async () => {
        const executors = (await cluster.state()).frameworks.flatMap((one) => one.executors);
        return executors.length === before.length && executors;
      },
      { what: 'the executor' },
    );
    const containerIn = (executors: typeof before) => executors.find(({ id }) => id === name)?.container;
    expect(containerIn(after)).toBe(containerIn(before));
    if (name === 'old') {
      const said = async () =>
        (await readFile(join(cluster.sandbox(name), 'stdout'), 'utf8')).includes('again');
      await waitFor(said, { what: 'the registration again' });
    }
    await cluster.kill(two);
    await cluster.until(two, TASK_KILLED);
  });

  test('is shut down, and what it ran is told of', async () => {
    const three = `${name}-3`;
    await cluster.launch(custom(three, name, program(file)));
    const { agentId } = await cluster.until(three, TASK_RUNNING);
    const shutdown = { executorId: { value: name }, agentId: agentId ?? (await offered()) };
    await cluster.framework?.call({ type: calls.SHUTDOWN, shutdown });
    const isOver = () =>
      cluster.statusesOf(three).some(({ state }) => state === TASK_KILLED || state === TASK_FAILED);
    await waitFor(isOver, { what: 'its end' });
  });
});
