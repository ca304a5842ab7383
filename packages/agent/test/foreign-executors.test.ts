/** A master of Mesos and a driver have to do with custom executors on our agent. */
import { fileURLToPath } from 'node:url';
import { decodeMessage, internal, TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentId, type ForeignMaster, recordedBody } from './foreign-master.ts';
import { driver, ForeignScene, idOf, pods } from './foreign-scene.ts';
import { field, replaced } from './wire-message.ts';

const { TASK_RUNNING, TASK_FAILED, TASK_KILLED, TASK_LOST } = TaskState;
const { EXECUTOR_TERMINATED, TASK_INVALID, AGENT_DRAINING } = TaskStatus_Reason;

let scene: ForeignScene;
let master: ForeignMaster;

beforeEach(async () => {
  scene = await ForeignScene.start();
  ({ master } = scene);
  await scene.register();
});
afterEach(() => scene?.end());

const program = (name: string) => `exec ${process.execPath} ${fileURLToPath(new URL(name, import.meta.url))}`;
const launchExecutor = (isNew: boolean) => field(6, isNew ? 1 : 0);

/** An ExecutorInfo of type CUSTOM. */
function executorInfo(executorId: string, frameworkId: string, file: string): Buffer {
  const command = field(7, field(3, program(file)));
  return Buffer.concat([idOf(1, executorId), idOf(8, frameworkId), command, field(15, 2)]);
}

/** A RunTaskMessage without anything that was recorded: there tasks had no executors of their own. */
function runIn(executorId: string, taskId: string, more: { file?: string; isNew?: boolean } = {}): Buffer {
  const { file = 'executor-program.ts', isNew } = more;
  const pid = `scheduler(1)@127.0.0.1:${master.port}`;
  const framework = Buffer.concat([field(1, 'root'), field(2, 'f'), idOf(3, driver), field(5, 1)]);
  const task = [
    ...[field(1, taskId), idOf(2, taskId), idOf(3, agentId)],
    ...[field(5, executorInfo(executorId, driver, file)), field(6, 'data')],
  ];
  return Buffer.concat([
    ...[field(2, framework), field(3, pid), field(4, Buffer.concat(task))],
    ...(isNew === undefined ? [] : [launchExecutor(isNew)]),
  ]);
}

function toExecutor(executorId: string, data: string): Promise<void> {
  const ids = [idOf(1, agentId), idOf(2, driver), idOf(3, executorId)];
  const body = Buffer.concat([...ids, field(4, data)]);
  // Drivers send it to the agent themselves.
  return master.say('FrameworkToExecutorMessage', body, { from: 'scheduler(1)', connection: 'driver' });
}

const shutdown = (executorId: string) =>
  master.say('ShutdownExecutorMessage', Buffer.concat([idOf(1, executorId), idOf(2, driver)]));

async function exited(count = 1) {
  const { body } = await master.hear('ExitedExecutorMessage', count);
  const { frameworkId, executorId, status } = decodeMessage(internal.ExitedExecutorMessageSchema, body);
  return { frameworkId: frameworkId.value, executorId: executorId.value, status };
}

const metrics = async () => {
  const answer = await fetch(`http://127.0.0.1:${scene.agentPort}/metrics/snapshot`);
  return (await answer.json()) as Record<string, number>;
};

test.each([
  ['of the v1 API', 'executor-program.ts'],
  ['of libprocess', 'old-executor-program.ts'],
])(
  'with an executor %s the driver talks directly, and through the master where it has no address',
  async (_, file) => {
    await master.say('RunTaskMessage', runIn('e', 'one', { file, isNew: true }));
    const { status } = await scene.follow('one', TASK_RUNNING);
    expect(Buffer.from(status.data).toString()).toBe('data');

    await toExecutor('e', 'first');
    const direct = await master.hear('ExecutorToFrameworkMessage');
    expect(direct.to).toBe('scheduler(1)');
    const told = decodeMessage(internal.ExecutorToFrameworkMessageSchema, direct.body);
    expect(Buffer.from(told.data).toString()).toBe('first');
    expect([told.agentId.value, told.frameworkId.value, told.executorId.value]).toEqual([
      agentId,
      driver,
      'e',
    ]);

    const moved = replaced(recordedBody('UpdateFrameworkMessage'), [`${driver.slice(0, -1)}2`, driver]);
    await master.say('UpdateFrameworkMessage', moved);
    await waitFor(
      async () => (await scene.state()).frameworks.some(({ name }) => name === 'golden-failover'),
      {
        what: 'the framework to have moved',
      },
    );
    await toExecutor('e', 'second');
    expect((await master.hear('ExecutorToFrameworkMessage', 2)).to, 'of one over HTTP').toBe('master');

    await toExecutor('nobody', 'lost');
    await waitFor(async () => (await metrics())['slave/invalid_framework_messages'] === 1, {
      what: 'the count of what reaches nobody',
    });
    expect((await metrics())['slave/valid_framework_messages']).toBe(4);

    await shutdown('nobody');
    await shutdown('e');
    expect(await exited()).toEqual({ frameworkId: driver, executorId: 'e', status: 0 });
    const { status: end } = await scene.follow('one', TASK_FAILED);
    expect(end.reason, 'of a task that its executor said nothing of').toBe(EXECUTOR_TERMINATED);
  },
);

test('a group of tasks comes to an executor of its own as a group', async () => {
  const group = recordedBody('RunTaskGroupMessage');
  const { executor } = decodeMessage(internal.RunTaskGroupMessageSchema, group);
  const custom = executorInfo(executor.executorId.value, pods, 'executor-program.ts');
  const other = Buffer.concat([field(1, 'b'), idOf(2, 'ck-pod-b'), idOf(3, agentId), field(6, 'two')]);
  const message = Buffer.concat([scene.runGroup(), field(2, custom), field(3, field(1, other))]);
  await master.say('RunTaskGroupMessage', message);
  await scene.follow('ck-pod-a', TASK_RUNNING);
  const { status } = await scene.follow('ck-pod-b', TASK_RUNNING);
  expect(Buffer.from(status.data).toString()).toBe('two of 2');
  const kill = (taskId: string) =>
    master.say('KillTaskMessage', Buffer.concat([idOf(1, pods), idOf(2, taskId)]));
  for (const taskId of ['ck-pod-a', 'ck-pod-b']) {
    await kill(taskId);
    await scene.follow(taskId, TASK_KILLED);
  }
});

test('what a master and the agent think of an executor is brought together', async () => {
  await master.say('RunTaskMessage', runIn('e', 'early', { isNew: false }));
  const { status: early } = await master.hearUpdate('early', TASK_LOST);
  expect(early.reason, 'of a task whose executor never came').toBe(EXECUTOR_TERMINATED);
  expect(master.all('ExitedExecutorMessage')).toEqual([]);

  await master.say('RunTaskMessage', runIn('e', 'one', { isNew: true }));
  await scene.follow('one', TASK_RUNNING);
  await master.say('RunTaskMessage', runIn('e', 'two', { isNew: false }));
  await scene.follow('two', TASK_RUNNING);
  await master.say('RunTaskMessage', scene.run({ taskId: 'e' }));
  const { status: command } = await master.hearUpdate('e', TASK_LOST);
  expect(command.reason, 'of a command by the name of an executor').toBe(TASK_INVALID);

  await master.say('RunTaskMessage', runIn('e', 'three', { isNew: true }));
  const { status: three } = await master.hearUpdate('three', TASK_LOST);
  expect(three.reason, 'of a task for a new executor by the name of one that runs').toBe(EXECUTOR_TERMINATED);
  expect(await exited()).toEqual({ frameworkId: driver, executorId: 'e', status: 0 });
  // Its tasks are not acknowledged yet: the master may have it launched again, and has to be told each time.
  await master.say('RunTaskMessage', runIn('e', 'four', { isNew: true }));
  await master.hearUpdate('four', TASK_LOST);
  expect(await exited(2)).toEqual({ frameworkId: driver, executorId: 'e', status: -1 });

  await master.say('DrainSlaveMessage', field(1, Buffer.alloc(0)));
  await master.say('RunTaskMessage', runIn('new', 'five', { isNew: true }));
  const { status: five } = await master.hearUpdate('five', TASK_LOST);
  expect(five.reason).toBe(AGENT_DRAINING);
  expect(await exited(3)).toEqual({ frameworkId: driver, executorId: 'new', status: -1 });
});
