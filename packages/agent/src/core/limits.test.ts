/** What is never acknowledged, and what a master wants to be rid of. */
import { executor, makeMessage, TaskState, TaskStatusSchema } from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import { coreLimits } from './records.ts';
import { commandTask, frameworkId, runTask, ScriptedAgent } from './scripted-agent.ts';
import type { Action } from './turn.ts';

function startAgent() {
  const actions: Action[] = [];
  const agent = new ScriptedAgent((action) => void actions.push(action));
  agent.register();
  return { agent, actions };
}

test('an executor that floods a framework which acknowledges nothing is held back, and its end is taken', () => {
  const { agent, actions } = startAgent();
  const own = { type: 2 as const, executorId: { value: 'e' }, frameworkId, command: { value: 'x' } };
  agent.message(runTask(commandTask('t', { command: undefined, executor: own })));
  const ids = { frameworkId: frameworkId.value, executorId: 'e' };
  agent.tell({ type: 'executorSubscribed', subscribe: undefined, ...ids });
  let count = 0;
  const update = (state: TaskState) => {
    const uuid = new Uint8Array(16);
    new DataView(uuid.buffer).setUint32(0, ++count);
    const status = makeMessage(TaskStatusSchema, { taskId: { value: 't' }, state, uuid });
    agent.tell({ type: 'executorUpdate', update: { status }, ...ids });
  };
  for (let at = 0; at < coreLimits.pendingUpdates + 100; at++) update(TaskState.TASK_RUNNING);
  const waiting = () => agent.state.streams.get(`${frameworkId.value} t`)?.pending ?? [];
  expect(waiting()).toHaveLength(coreLimits.pendingUpdates);
  const acknowledged = actions.filter(
    (action) => action.type === 'event' && action.event.type === executor.Event_Type.ACKNOWLEDGED,
  );
  expect(acknowledged).toHaveLength(coreLimits.pendingUpdates);
  update(TaskState.TASK_FINISHED);
  expect(waiting().at(-1)?.status.state).toBe(TaskState.TASK_FINISHED);
});

test('told to end, an agent ends when its last task has, and takes no other until then', () => {
  const { agent, actions } = startAgent();
  agent.message(runTask(commandTask('t')));
  agent.message({ name: 'shutdown', message: { message: 'gone' } as never });
  agent.tell({ type: 'masterExited', master: agent.state.master ?? '' });
  agent.message(runTask(commandTask('late')));
  const ends = () => actions.filter(({ type }) => type === 'exit');
  expect(ends()).toEqual([]);
  expect(actions.filter(({ type }) => type === 'launch')).toHaveLength(1);
  const [containerId = ''] = agent.containers.keys();
  expect(actions).toContainEqual(expect.objectContaining({ type: 'kill', containerId }));
  agent.end(containerId, 143);
  expect(ends()).toEqual([{ type: 'exit', message: 'told by the master to end: gone' }]);
  expect([...agent.disk.keys()]).toEqual([]);
});
