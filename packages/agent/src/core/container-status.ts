import { ContainerStatusSchema, type ContainerStatusValid, makeMessage } from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, TaskRecord } from './records.ts';

/** The address of the agent's machine, for what runs on its network. */
const hostOf = ({ options }: AgentState) => /@(.*):\d+$/.exec(options.pid)?.[1] ?? '127.0.0.1';

/** What frameworks and discovery learn of the container of a task. */
export function containerStatusOf(
  state: AgentState,
  executor: ExecutorRecord,
  task: TaskRecord,
): ContainerStatusValid {
  const addresses = task.container?.ipAddresses ?? [];
  const isOnHost = task.container?.hostNetwork ?? executor.kind === 'custom';
  const own = addresses.length === 0 && isOnHost ? [hostOf(state)] : addresses;
  const ipAddresses = own.map((ipAddress) => ({
    protocol: ipAddress.includes(':') ? (2 as const) : (1 as const),
    ipAddress,
  }));
  const parent = executor.kind === 'group' ? { parent: { value: executor.containerId } } : {};
  return makeMessage(ContainerStatusSchema, {
    containerId: { value: task.containerId, ...parent },
    networkInfos: [{ ipAddresses }],
    ...(task.container !== undefined && { executorPid: task.container.pid }),
  });
}
