/** A master of Mesos drains our agent. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ForeignMaster } from './foreign-master.ts';
import { capability, driver, duration, ForeignScene, idOf } from './foreign-scene.ts';
import { field } from './wire-message.ts';

const { TASK_RUNNING, TASK_KILLED, TASK_KILLING, TASK_LOST, TASK_DROPPED, TASK_GONE_BY_OPERATOR } = TaskState;
const { AGENT_DRAINING } = TaskStatus_Reason;

let scene: ForeignScene;
let master: ForeignMaster;

beforeEach(async () => {
  scene = await ForeignScene.start();
  ({ master } = scene);
  await scene.register();
});
afterEach(() => scene?.end());

/** Of DrainConfig: the most that tasks have, and that the agent is not to come back. */
const most = (milliseconds: number) => field(1, duration(milliseconds));
const markGone = field(2, 1);
const drain = (...config: Buffer[]) => master.say('DrainSlaveMessage', field(1, Buffer.concat(config)));

const killPolicy = (milliseconds: number) => field(12, field(1, duration(milliseconds)));

/** A task that does not end when it is asked to. */
async function runStubborn(taskId: string, more: { task?: Buffer; framework?: Buffer } = {}): Promise<void> {
  const ready = join(scene.workDir, `ready-${taskId}`);
  const command = `trap "" TERM; touch ${ready}; while :; do sleep 0.05; done`;
  await master.say('RunTaskMessage', scene.run({ taskId, command, ...more }));
  await scene.follow(taskId, TASK_RUNNING);
  await waitFor(() => existsSync(ready), { what: `the trap of ${taskId}` });
}

test('tasks have their own grace within the bound, those without one all of it; others are not taken', async () => {
  await runStubborn('long', { task: killPolicy(600_000), framework: capability.killingState });
  await runStubborn('short', { task: killPolicy(50) });
  await runStubborn('none');
  const startMs = Date.now();
  await drain(most(4_000));
  const ends = ['short', 'long', 'none'].map(async (taskId) => {
    const { status } = await scene.follow(taskId, TASK_KILLED);
    return { reason: status.reason, afterMs: Date.now() - startMs };
  });
  const { status: killing } = await master.hearUpdate('long', TASK_KILLING);
  expect(killing.reason).toBe(AGENT_DRAINING);

  await master.say('RunTaskMessage', scene.run({ taskId: 'late' }));
  const { status: late } = await master.hearUpdate('late', TASK_LOST);
  expect(late.reason).toBe(AGENT_DRAINING);
  expect((await scene.state()).drain_config).toEqual({
    max_grace_period: { nanoseconds: 4_000_000_000 },
    mark_gone: false,
  });

  const [short, long, none] = await Promise.all(ends);
  for (const each of [short, long, none]) expect(each?.reason).toBe(AGENT_DRAINING);
  expect(short?.afterMs).toBeLessThan(3_000);
  // Agents of Mesos give no less to a task that asks for nothing: it is not the 3 s that it would have otherwise.
  for (const each of [long, none]) expect(each?.afterMs).toBeGreaterThan(3_900);

  await scene.follow('late', TASK_LOST);
  const isDrained = async () => (await scene.state()).drain_config === undefined;
  await waitFor(isDrained, { what: 'the end of the draining' });
  await master.say('RunTaskMessage', scene.run());
  await scene.follow('0', TASK_RUNNING);
});

test('an agent that runs nothing has nothing to drain, and stays open', async () => {
  await drain(most(1_000));
  await master.say('RunTaskMessage', scene.run());
  await scene.follow('0', TASK_RUNNING);
  expect((await scene.state()).drain_config).toBeUndefined();
});

test('a restart of the agent changes nothing: who was asked to end ends, others are not taken', async () => {
  await runStubborn('drained', { task: killPolicy(3_000) });
  await drain();
  await waitFor(() => existsSync(join(scene.workDir, 'meta/state/drain')), { what: 'the draining' });
  await scene.restartAgent();
  expect((await scene.state()).drain_config).toEqual({ mark_gone: false });
  await master.say('RunTaskMessage', scene.run({ taskId: 'late', framework: capability.partitionAware }));
  const { status: late } = await master.hearUpdate('late', TASK_LOST);
  expect(late.reason).toBe(AGENT_DRAINING);
  const { status } = await scene.follow('drained', TASK_KILLED);
  expect(status.reason).toBe(AGENT_DRAINING);
});

test('on an agent that is not to come back tasks are gone, for frameworks that know the word', async () => {
  const both = Buffer.concat([capability.partitionAware, capability.killingState]);
  await runStubborn('gone', { framework: both });
  await drain(most(300), markGone);
  const { status: killing } = await scene.follow('gone', TASK_KILLING);
  expect(killing.reason).toBe(AGENT_DRAINING);
  await master.say('KillTaskMessage', Buffer.concat([idOf(1, driver), idOf(2, 'other')]));
  await master.hearUpdate('other', TASK_DROPPED);
  const { status } = await scene.follow('gone', TASK_GONE_BY_OPERATOR);
  expect(status.reason).toBe(AGENT_DRAINING);
  await master.say('ShutdownMessage', field(1, 'Agent has been marked gone'));
  await scene.agent.exit;
  expect(scene.agent.ended).toBe('exit code 1');
});
