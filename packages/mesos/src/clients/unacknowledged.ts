import { create } from '@bufbuild/protobuf';
import type {
  Call_SubscribeValid,
  Call_UpdateValid,
  EventValid,
} from '../generated/mesos/v1/executor/executor_pb.ts';
import { Call_SubscribeSchema } from '../generated/mesos/v1/executor/executor_pb.ts';
import type { TaskInfoValid, TaskStatusValid } from '../generated/mesos/v1/task_pb.ts';

/**
 * What an executor brings along when it subscribes again: updates that were not acknowledged, and tasks that the agent
 * may not know it launched.
 */
export interface Unacknowledged {
  /** Of an update that is sent; its uuid is set. */
  update(status: TaskStatusValid): void;
  /** Learns of tasks launched and of acknowledgements. */
  event(event: EventValid): void;
  /** All of it; `later` of the result tells what has come since. */
  subscribe(): { body: Call_SubscribeValid; later: () => TaskStatusValid[] };
}

const keyOf = (uuid: Uint8Array) => Buffer.from(uuid).toString('hex');

export function trackUnacknowledged(): Unacknowledged {
  const updates = new Map<string, Call_UpdateValid>();
  const tasks = new Map<string, TaskInfoValid>();
  return {
    update(status) {
      updates.set(keyOf(status.uuid), { $typeName: 'mesos.v1.executor.Call.Update', status });
    },
    event({ launch, launchGroup, acknowledged }) {
      if (launch !== undefined) tasks.set(launch.task.taskId.value, launch.task);
      for (const task of launchGroup?.taskGroup.tasks ?? []) tasks.set(task.taskId.value, task);
      if (acknowledged === undefined) return;
      updates.delete(keyOf(acknowledged.uuid));
      // The agent has an update of it on disk: it knows the task.
      tasks.delete(acknowledged.taskId.value);
    },
    subscribe() {
      const told = [...updates.values()];
      const body = create(Call_SubscribeSchema, {
        unacknowledgedTasks: [...tasks.values()],
        unacknowledgedUpdates: told,
      }) as Call_SubscribeValid;
      const later = () =>
        [...updates.values()].filter((update) => !told.includes(update)).map(({ status }) => status);
      return { body, later };
    },
  };
}
