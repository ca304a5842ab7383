/** Messages of executors from before the v1 API as events of the core. */
import { formatUpid, internal, type MessageRoute, onMessage } from '@orchestrator/mesos';
import type { AgentEvent } from '../core/events.ts';

type Update = internal.StatusUpdateValid;

/** Old drivers give the update its identity, and leave it out of the status. */
function statusOf({ status, uuid, timestamp }: Update): Update['status'] {
  return {
    ...status,
    uuid: status.uuid.length > 0 ? status.uuid : uuid,
    timestamp: status.timestamp > 0 ? status.timestamp : timestamp,
  };
}

/**
 * @param executorOf whose task it is, for updates that do not say
 */
export function executorRoutes(
  tell: (event: AgentEvent) => void,
  executorOf: (frameworkId: string, taskId: string) => string | undefined,
): MessageRoute[] {
  const {
    RegisterExecutorMessageSchema,
    ReregisterExecutorMessageSchema,
    StatusUpdateMessageSchema,
    ExecutorToFrameworkMessageSchema,
  } = internal;
  const idsOf = (message: { frameworkId: { value: string }; executorId: { value: string } }) => ({
    frameworkId: message.frameworkId.value,
    executorId: message.executorId.value,
  });
  return [
    onMessage(RegisterExecutorMessageSchema, (message, from) => {
      const pid = formatUpid(from);
      tell({ type: 'executorSubscribed', ...idsOf(message), subscribe: undefined, pid });
    }),
    onMessage(ReregisterExecutorMessageSchema, (message, from) => {
      const subscribe = {
        unacknowledgedTasks: message.tasks,
        unacknowledgedUpdates: message.updates.map((update) => ({
          $typeName: 'mesos.v1.executor.Call.Update' as const,
          status: statusOf(update),
        })),
      };
      const pid = formatUpid(from);
      tell({ type: 'executorSubscribed', ...idsOf(message), subscribe, pid, isAgain: true });
    }),
    onMessage(StatusUpdateMessageSchema, ({ update }, from) => {
      const frameworkId = update.frameworkId.value;
      const executorId = update.executorId?.value ?? executorOf(frameworkId, update.status.taskId.value);
      if (executorId === undefined) return;
      const [pid, status] = [formatUpid(from), statusOf(update)];
      tell({ type: 'executorUpdate', frameworkId, executorId, update: { status }, pid });
    }),
    onMessage(ExecutorToFrameworkMessageSchema, (message) => {
      tell({ type: 'executorMessage', ...idsOf(message), data: message.data });
    }),
  ];
}
