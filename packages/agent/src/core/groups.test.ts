/** Groups of tasks for an executor of its own: it is given all of them together, or none. */
import {
  ExecutorInfoSchema,
  executor,
  internal,
  makeMessage,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import { commandTask, frameworkId, frameworkInfo, ScriptedAgent } from './scripted-agent.ts';
import type { Action } from './turn.ts';

const ids = { frameworkId: frameworkId.value, executorId: 'e' };

function startGroup() {
  const actions: Action[] = [];
  const agent = new ScriptedAgent((action) => void actions.push(action));
  agent.register();
  const info = makeMessage(ExecutorInfoSchema, {
    ...{ type: 2, executorId: { value: 'e' }, frameworkId, command: { value: 'x' } },
  });
  const tasks = ['a', 'b'].map((taskId) => commandTask(taskId, { command: undefined }));
  const { RunTaskGroupMessageSchema: schema } = internal;
  const group = { framework: frameworkInfo, executor: info, taskGroup: { tasks } };
  agent.message({ name: 'runTaskGroup', message: makeMessage(schema, group) });
  return { agent, actions };
}

test('what waits for the executor comes as a group, also after a restart of the agent', () => {
  const { agent, actions } = startGroup();
  agent.restart();
  agent.tell({ type: 'executorSubscribed', subscribe: undefined, ...ids });
  const events = actions.flatMap((action) => (action.type === 'event' ? [action.event] : []));
  expect(events.map(({ type }) => type)).toEqual([
    executor.Event_Type.SUBSCRIBED,
    executor.Event_Type.LAUNCH_GROUP,
  ]);
  expect(events[1]?.launchGroup?.taskGroup.tasks.map(({ taskId }) => taskId.value)).toEqual(['a', 'b']);
});

test('a kill of one that waits ends them all, and the executor that was started for them', () => {
  const { agent, actions } = startGroup();
  const kill = { frameworkId, taskId: { value: 'b' } };
  agent.message({ name: 'killTask', message: makeMessage(internal.KillTaskMessageSchema, kill) });
  const ends = ['a', 'b'].map(
    (taskId) => agent.state.streams.get(`${frameworkId.value} ${taskId}`)?.pending[0]?.status,
  );
  for (const end of ends) {
    expect(end?.state).toBe(TaskState.TASK_KILLED);
    expect(end?.reason).toBe(TaskStatus_Reason.TASK_KILLED_DURING_LAUNCH);
  }
  const [containerId = ''] = agent.containers.keys();
  agent.fire(`grace ${containerId}`);
  expect(actions).toContainEqual({ type: 'kill', containerId, graceMs: 0 });
});
