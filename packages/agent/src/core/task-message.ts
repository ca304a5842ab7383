/** A task and its executor as masters and the API see them. */
import {
  ExecutorInfoSchema,
  type ExecutorInfoValid,
  makeMessage,
  type TaskInfoValid,
  TaskSchema,
  TaskState,
  type TaskValid,
} from '@orchestrator/mesos';
import type { ExecutorKind, FrameworkRecord } from './records.ts';
import type { Turn } from './turn.ts';

export function taskMessage(
  turn: Turn,
  framework: FrameworkRecord,
  kind: ExecutorKind,
  info: TaskInfoValid,
): TaskValid {
  const { executor, command, discovery, labels, container, healthCheck, killPolicy } = info;
  const user = command?.user || executor?.command?.user;
  return makeMessage(TaskSchema, {
    ...{ name: info.name, taskId: info.taskId, frameworkId: { value: framework.id } },
    agentId: turn.state.info.id ?? info.agentId,
    state: TaskState.TASK_STAGING,
    ...{ resources: info.resources, limits: info.limits },
    ...(kind !== 'command' && executor !== undefined && { executorId: executor.executorId }),
    ...(user && { user }),
    ...(labels && { labels }),
    ...(discovery && { discovery }),
    ...(container && { container }),
    ...(healthCheck && { healthCheck }),
    ...(killPolicy && { killPolicy }),
  });
}

/** The executor of a command task goes by the task's id and takes nothing for itself. */
export function commandExecutor(framework: FrameworkRecord, task: TaskInfoValid): ExecutorInfoValid {
  const { command, taskId } = task;
  return makeMessage(ExecutorInfoSchema, {
    executorId: { value: taskId.value },
    frameworkId: { value: framework.id },
    ...(command && { command }),
    name: `Command Executor (Task: ${taskId.value}) (Command: ${commandText(task)})`,
    source: taskId.value,
  });
}

function commandText({ command }: TaskInfoValid): string {
  if (command === undefined) return 'NO EXECUTABLE';
  return command.shell ? `sh -c '${command.value}'` : `[${[command.value, ...command.arguments].join(', ')}]`;
}
