/** Tasks that a master sends. */
import {
  ExecutorInfo_Type,
  ExecutorInfoSchema,
  type ExecutorInfoValid,
  type FrameworkInfoValid,
  type internal,
  makeMessage,
  Resources,
  type TaskInfoValid,
  TaskSchema,
  TaskState,
  TaskStatus_Reason,
  TaskStatus_Source,
  type TaskValid,
} from '@orchestrator/mesos';
import { sendLaunch } from './executor-events.ts';
import { saveFramework } from './frameworks.ts';
import { coreLimits, type ExecutorKind, type ExecutorRecord, type FrameworkRecord } from './records.ts';
import { unknownResources } from './resources.ts';
import { reportTask, reportUnknown } from './status.ts';
import { droppedFor } from './task-state.ts';
import { hasEnded, log, newId, save, type Turn, timer } from './turn.ts';
import { openStream, saveTask, streamKey } from './updates.ts';

function taskMessage(
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
function commandExecutor(framework: FrameworkRecord, task: TaskInfoValid): ExecutorInfoValid {
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

function frameworkFor(
  turn: Turn,
  info: FrameworkInfoValid,
  pid: string | undefined,
): FrameworkRecord | undefined {
  const id = info.id?.value;
  if (id === undefined) return undefined;
  const existing = turn.state.frameworks.get(id);
  if (existing !== undefined) return existing;
  const framework: FrameworkRecord = {
    ...{ id, info, pid: pid === '' ? undefined : pid },
    phase: 'running',
    executors: new Map(),
    completedExecutors: [],
  };
  turn.state.frameworks.set(id, framework);
  saveFramework(turn, framework);
  return framework;
}

/** Repeated by the network: it runs, or it ran. */
function isRepeated(turn: Turn, framework: FrameworkRecord, taskId: string): boolean {
  const { streams } = turn.state;
  return streams.has(streamKey(framework.id, taskId)) || hasEnded(turn.state, framework.id, taskId);
}

interface Refusal {
  reason: TaskStatus_Reason;
  message: string;
}

function refusal(
  turn: Turn,
  framework: FrameworkRecord,
  tasks: readonly TaskInfoValid[],
  versions: readonly internal.ResourceVersionUUIDValid[],
): Refusal | undefined {
  const { state } = turn;
  if (state.drain !== undefined) {
    return { reason: TaskStatus_Reason.AGENT_DRAINING, message: 'The agent is being drained' };
  }
  if (framework.phase === 'terminating') {
    return {
      reason: TaskStatus_Reason.FRAMEWORK_REMOVED,
      message: 'The framework is being shut down',
    };
  }
  const own = versions.find(({ resourceProviderId }) => resourceProviderId === undefined);
  if (own !== undefined && !Buffer.from(state.resourceVersion).equals(own.uuid.value)) {
    const message = 'The task was decided on resources of another version';
    return { reason: TaskStatus_Reason.INVALID_OFFERS, message };
  }
  const wanted = tasks.flatMap(({ resources, executor }) => [...resources, ...(executor?.resources ?? [])]);
  const unknown = unknownResources(state, Resources.from(wanted));
  if (unknown === undefined) return undefined;
  const message = `The agent knows nothing of the reservations or volumes ${unknown}`;
  return { reason: TaskStatus_Reason.RESOURCES_UNKNOWN, message };
}

function drop(turn: Turn, framework: FrameworkRecord, tasks: readonly TaskInfoValid[], why: Refusal): void {
  for (const { taskId, executor } of tasks) {
    const subject = {
      frameworkId: framework.id,
      taskId: taskId.value,
      executorId: executor?.executorId.value,
    };
    reportUnknown(turn, subject, { state: droppedFor(framework), ...why });
  }
}

export function saveExecutor(turn: Turn, framework: FrameworkRecord, executor: ExecutorRecord): void {
  if (!framework.info.checkpoint) return;
  const { kind: executorKind, info, containerId, phase, pid } = executor;
  const record = { frameworkId: framework.id, executorKind, info, containerId, phase };
  save(turn, { kind: 'executor', ...record, ...(pid !== undefined && { pid }) });
}

function newExecutor(
  turn: Turn,
  framework: FrameworkRecord,
  kind: ExecutorKind,
  info: ExecutorInfoValid,
): ExecutorRecord {
  const executor: ExecutorRecord = {
    ...{ kind, info, containerId: newId(turn), isSubscribed: false },
    phase: kind === 'custom' ? 'registering' : 'running',
    tasks: new Map(),
    completedTasks: [],
  };
  framework.executors.set(info.executorId.value, executor);
  saveExecutor(turn, framework, executor);
  if (kind === 'custom') {
    launchContainer(turn, framework, executor, undefined, executor.containerId);
    timer(turn, `executor ${executor.containerId}`, turn.state.options.executorRegistrationTimeoutMs);
  }
  return executor;
}

function launchContainer(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  task: TaskInfoValid | undefined,
  containerId: string,
): void {
  const order = {
    ...{ frameworkId: framework.id, executorId: executor.info.executorId.value, containerId, task },
    ...{ executorContainerId: executor.containerId, executor: executor.info, framework: framework.info },
  };
  turn.actions.push({ type: 'launch', order });
}

const milliseconds = (duration: { nanoseconds: bigint } | undefined) =>
  duration === undefined ? undefined : Number(duration.nanoseconds) / 1e6;

function addTask(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  info: TaskInfoValid,
): void {
  const taskId = info.taskId.value;
  const ownContainer = executor.kind === 'group' ? newId(turn) : executor.containerId;
  const task = taskMessage(turn, framework, executor.kind, info);
  const phase = executor.kind === 'custom' && !executor.isSubscribed ? 'queued' : 'launched';
  const record = { info, task, phase, containerId: ownContainer } as const;
  const live = { ...record };
  executor.tasks.set(taskId, live);
  openStream(turn, framework.id, taskId);
  saveTask(turn, framework, executor, live);
  if (executor.kind === 'custom') {
    if (phase === 'launched') sendLaunch(turn, { framework, executor }, [info]);
    return;
  }
  reportTask(turn, framework, executor, live, {
    state: TaskState.TASK_STARTING,
    source: TaskStatus_Source.EXECUTOR,
  });
  launchContainer(turn, framework, executor, info, ownContainer);
  const limitMs = milliseconds(info.maxCompletionTime);
  if (limitMs !== undefined) timer(turn, `completion ${framework.id} ${taskId}`, limitMs);
}

function executorFor(
  turn: Turn,
  framework: FrameworkRecord,
  kind: ExecutorKind,
  info: ExecutorInfoValid,
): ExecutorRecord | Refusal {
  const existing = framework.executors.get(info.executorId.value);
  if (existing === undefined) return newExecutor(turn, framework, kind, info);
  if (existing.phase !== 'terminating' && existing.phase !== 'terminated') {
    if (existing.tasks.size < coreLimits.queuedTasks) return existing;
    const message = `Executor ${info.executorId.value} has ${existing.tasks.size} tasks already`;
    return { reason: TaskStatus_Reason.EXECUTOR_TERMINATED, message };
  }
  const message = `Executor ${info.executorId.value} is ${existing.phase}`;
  return { reason: TaskStatus_Reason.EXECUTOR_TERMINATED, message };
}

interface Request {
  framework: FrameworkInfoValid;
  pid: string | undefined;
  tasks: readonly TaskInfoValid[];
  executor: ExecutorInfoValid | undefined;
  isGroup: boolean;
  versions: readonly internal.ResourceVersionUUIDValid[];
}

function kindOf({ executor, isGroup }: Request): ExecutorKind {
  if (executor === undefined) return 'command';
  return isGroup || executor.type === ExecutorInfo_Type.DEFAULT ? 'group' : 'custom';
}

/** All of them or none: tasks of a group belong together. */
function run(turn: Turn, request: Request): void {
  const framework = frameworkFor(turn, request.framework, request.pid);
  if (framework === undefined) return;
  const { tasks } = request;
  if (tasks.some(({ taskId }) => isRepeated(turn, framework, taskId.value))) {
    log(turn, 'task repeated', { taskIds: tasks.map(({ taskId }) => taskId.value) });
    return;
  }
  const why = refusal(turn, framework, tasks, request.versions);
  if (why !== undefined) {
    drop(turn, framework, tasks, why);
    return;
  }
  const kind = kindOf(request);
  const [first] = tasks;
  if (first === undefined) return;
  const info = request.executor ?? commandExecutor(framework, first);
  const executor = executorFor(turn, framework, kind, info);
  if ('reason' in executor) drop(turn, framework, tasks, executor);
  else for (const task of tasks) addTask(turn, framework, executor, task);
}

export function onRunTask(turn: Turn, message: internal.RunTaskMessageValid): void {
  const { framework, task, pid, resourceVersionUuids: versions } = message;
  // Over HTTP it is "@0.0.0.0:0" or nothing.
  const driver = pid.startsWith('@') ? undefined : pid;
  run(turn, { framework, pid: driver, tasks: [task], executor: task.executor, isGroup: false, versions });
}

export function onRunTaskGroup(turn: Turn, message: internal.RunTaskGroupMessageValid): void {
  const { framework, executor, taskGroup, resourceVersionUuids: versions } = message;
  const isGroup = executor.type !== ExecutorInfo_Type.CUSTOM;
  const tasks = taskGroup.tasks.map((task) => ({ ...task, executor }));
  run(turn, { framework, pid: undefined, tasks, executor, isGroup, versions });
}
