import {
  isTerminal,
  type master,
  nameOfEnum,
  TaskState,
  type TaskStatus,
  TaskStatus_Reason,
  type TaskValid,
} from '@orchestrator/mesos';
import { type ResourceView, viewResources } from './resources.ts';

/** As `tasks --json` shows it. */
export interface TaskView {
  readonly id: string;
  readonly name: string;
  /** `TASK_RUNNING` and so on. */
  readonly state: string;
  readonly healthy: boolean | null;
  readonly framework_id: string;
  readonly agent_id: string;
  /** The task's own id where the framework has named no executor, as agents have it. */
  readonly executor_id: string;
  /** It shares its executor with others. */
  readonly in_group: boolean;
  /** Of the container it runs in, outermost first; empty before it runs. */
  readonly container_ids: readonly string[];
  readonly resources: ResourceView;
  /** What its resources are allocated to. */
  readonly role: string;
  /** When its state changed last, and when it began to run. */
  readonly changed_ms: number | null;
  readonly running_ms: number | null;
  readonly reason: string | null;
  readonly message: string | null;
}

export const isOver = ({ state }: TaskView): boolean =>
  isTerminal(Reflect.get(TaskState, state) as TaskState);

type ContainerId = { readonly value: string; readonly parent?: ContainerId | undefined };

const idsOf = (id: ContainerId | undefined): string[] =>
  id === undefined ? [] : [...idsOf(id.parent), id.value];

const timeOf = (status: TaskStatus | undefined): number | null =>
  status === undefined || status.timestamp === 0 ? null : Math.round(status.timestamp * 1000);

export function viewTask(task: TaskValid): TaskView {
  const { statuses } = task;
  const last = statuses.at(-1);
  const withContainer = statuses.findLast(
    ({ containerStatus }) => containerStatus?.containerId !== undefined,
  );
  const running = statuses.find(({ state }) => state === TaskState.TASK_RUNNING);
  const executorId = task.executorId?.value ?? '';
  return {
    id: task.taskId.value,
    name: task.name,
    state: nameOfEnum(TaskState, task.state),
    healthy: last !== undefined && Object.hasOwn(last, 'healthy') ? last.healthy : null,
    framework_id: task.frameworkId.value,
    agent_id: task.agentId.value,
    executor_id: executorId === '' ? task.taskId.value : executorId,
    in_group: executorId !== '' && executorId !== task.taskId.value,
    container_ids: idsOf(withContainer?.containerStatus?.containerId),
    resources: viewResources(task.resources),
    role:
      task.resources.find(({ allocationInfo }) => allocationInfo !== undefined)?.allocationInfo?.role || '*',
    changed_ms: timeOf(last),
    running_ms: timeOf(running),
    reason:
      last !== undefined && Object.hasOwn(last, 'reason') ? nameOfEnum(TaskStatus_Reason, last.reason) : null,
    message: last === undefined || last.message === '' ? null : last.message,
  };
}

/** Those that are alive, or all that the master remembers. */
export function viewTasks(answer: master.Response_GetTasksValid, which: 'live' | 'all'): TaskView[] {
  const live = [...answer.tasks, ...answer.unreachableTasks];
  return (which === 'live' ? live : [...live, ...answer.completedTasks]).map(viewTask);
}
