/** A custom executor: each task's text is echoed in its status; a kill ends it, a message comes back. */
import {
  createExecutorClient,
  executor,
  readExecutorEnvironment,
  readTlsTransport,
  TaskState,
} from '@orchestrator/mesos';

const environment = readExecutorEnvironment(process.env);
const { Event_Type: event } = executor;

const client = createExecutorClient({
  ...environment,
  ...(await readTlsTransport(process.env)),
  async onEvent({ type, launch, launchGroup, kill, message }) {
    if (type === event.LAUNCH && launch !== undefined) {
      const { taskId, data } = launch.task;
      await client.update({ taskId, state: TaskState.TASK_RUNNING, data });
    } else if (type === event.LAUNCH_GROUP && launchGroup !== undefined) {
      const { tasks } = launchGroup.taskGroup;
      for (const { taskId, data } of tasks) {
        const said = Buffer.from(`${Buffer.from(data)} of ${tasks.length}`);
        await client.update({ taskId, state: TaskState.TASK_RUNNING, data: said });
      }
    } else if (type === event.KILL && kill !== undefined) {
      await client.update({ taskId: kill.taskId, state: TaskState.TASK_KILLED });
    } else if (type === event.MESSAGE && message !== undefined) {
      await client.message(message.data);
    }
  },
});
await client.done;
