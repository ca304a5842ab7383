/** Tasks that a master sends. */
import {
  ExecutorInfo_Type,
  type ExecutorInfoValid,
  type FrameworkInfoValid,
  internal,
  isFieldSet,
  Resources,
  type TaskInfoValid,
  TaskState,
  TaskStatus_Reason,
  TaskStatus_Source,
} from '@orchestrator/mesos';
import { tellExited, waitStatus } from './ends.ts';
import { sendLaunch, sendLaunchGroup } from './executor-events.ts';
import { saveFramework } from './frameworks.ts';
import { shutdownExecutor } from './kill.ts';
import {
  coreLimits,
  type ExecutorKind,
  type ExecutorRecord,
  type FrameworkRecord,
  type TaskRecord,
} from './records.ts';
import { unknownResources } from './resources.ts';
import { reportTask, reportUnknown } from './status.ts';
import { commandExecutor, taskMessage } from './task-message.ts';
import { droppedFor } from './task-state.ts';
import { hasEnded, log, newId, type Place, save, type Turn, timer } from './turn.ts';
import { openStream, saveTask, streamKey } from './updates.ts';

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
    reportUnknown(turn, subject, { state: droppedFor(framework.info), ...why });
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

/** @param group given together with others */
function addTask(
  turn: Turn,
  { framework, executor }: Place,
  info: TaskInfoValid,
  group: string | undefined,
): void {
  const taskId = info.taskId.value;
  const ownContainer = executor.kind === 'group' ? newId(turn) : executor.containerId;
  const task = taskMessage(turn, framework, executor.kind, info);
  const phase = executor.kind === 'custom' && !executor.isSubscribed ? 'queued' : 'launched';
  const isOfGroup = executor.kind === 'custom' && group !== undefined;
  const live: TaskRecord = { info, task, phase, containerId: ownContainer, ...(isOfGroup && { group }) };
  executor.tasks.set(taskId, live);
  openStream(turn, framework.id, taskId);
  saveTask(turn, framework, executor, live);
  if (executor.kind === 'custom') return;
  reportTask(turn, framework, executor, live, {
    state: TaskState.TASK_STARTING,
    source: TaskStatus_Source.EXECUTOR,
  });
  launchContainer(turn, framework, executor, info, ownContainer);
  const limitMs = milliseconds(info.maxCompletionTime);
  if (limitMs !== undefined) timer(turn, `completion ${framework.id} ${taskId}`, limitMs);
}

/** One that runs, or a new one. */
function executorFor(
  turn: Turn,
  framework: FrameworkRecord,
  request: Request,
  info: ExecutorInfoValid,
): ExecutorRecord | Refusal {
  const id = info.executorId.value;
  const kind = kindOf(request);
  const { EXECUTOR_TERMINATED: reason, TASK_INVALID } = TaskStatus_Reason;
  const existing = framework.executors.get(id);
  if (existing === undefined) {
    if (kind === 'command' || request.launchExecutor !== false)
      return newExecutor(turn, framework, kind, info);
    // The task that was to start it did not get through, which the master is about to hear.
    return { reason, message: `Executor ${id} is not to be launched, and does not run` };
  }
  if (kind === 'command')
    return { reason: TASK_INVALID, message: `Executor ${id} is there already: a command has its own` };
  if (existing.phase === 'terminating' || existing.phase === 'terminated')
    return { reason, message: `Executor ${id} is ${existing.phase}` };
  if (request.launchExecutor === true) {
    // The master knows nothing of the one that is there: without it they can agree again.
    const message = `Executor ${id} is to be launched, and runs already`;
    shutdownExecutor(turn, framework, existing, { state: 'failed', reason, message });
    return { reason, message };
  }
  if (existing.tasks.size < coreLimits.queuedTasks) return existing;
  return { reason, message: `Executor ${id} has ${existing.tasks.size} tasks already` };
}

/** What the master has set aside for an executor that it wanted for these tasks is free again. */
function refuse(turn: Turn, framework: FrameworkRecord, request: Request, why: Refusal): void {
  drop(turn, framework, request.tasks, why);
  const id = request.executor?.executorId.value;
  if (request.launchExecutor !== true || id === undefined) return;
  const { phase = 'terminated' } = framework.executors.get(id) ?? {};
  if (phase === 'terminated') tellExited(turn, framework.id, id, waitStatus(undefined));
}

interface Request {
  framework: FrameworkInfoValid;
  pid: string | undefined;
  tasks: readonly TaskInfoValid[];
  executor: ExecutorInfoValid | undefined;
  isGroup: boolean;
  /** Whether the master has set resources aside for a new executor; old masters do not say. */
  launchExecutor: boolean | undefined;
  versions: readonly internal.ResourceVersionUUIDValid[];
}

/** Old frameworks do not say of which type their own executors are. */
function kindOf({ executor, isGroup }: Request): ExecutorKind {
  if (executor === undefined) return 'command';
  const { DEFAULT, CUSTOM } = ExecutorInfo_Type;
  return executor.type === DEFAULT || (isGroup && executor.type !== CUSTOM) ? 'group' : 'custom';
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
    refuse(turn, framework, request, why);
    return;
  }
  const [first] = tasks;
  if (first === undefined) return;
  const info = request.executor ?? commandExecutor(framework, first);
  const executor = executorFor(turn, framework, request, info);
  if ('reason' in executor) {
    refuse(turn, framework, request, executor);
    return;
  }
  const place = { framework, executor };
  const group = request.isGroup ? first.taskId.value : undefined;
  for (const task of tasks) addTask(turn, place, task, group);
  if (executor.kind === 'custom' && executor.isSubscribed)
    (request.isGroup ? sendLaunchGroup : sendLaunch)(turn, place, tasks);
}

const launchExecutorOf = (
  schema: typeof internal.RunTaskMessageSchema | typeof internal.RunTaskGroupMessageSchema,
  message: { launchExecutor: boolean },
) => (isFieldSet(message as never, schema.field.launchExecutor) ? message.launchExecutor : undefined);

export function onRunTask(turn: Turn, message: internal.RunTaskMessageValid): void {
  const { framework, task, pid, resourceVersionUuids: versions } = message;
  // Over HTTP it is "@0.0.0.0:0" or nothing.
  const driver = pid.startsWith('@') ? undefined : pid;
  const launchExecutor = launchExecutorOf(internal.RunTaskMessageSchema, message);
  const one = { tasks: [task], executor: task.executor, isGroup: false };
  run(turn, { framework, pid: driver, ...one, launchExecutor, versions });
}

export function onRunTaskGroup(turn: Turn, message: internal.RunTaskGroupMessageValid): void {
  const { framework, executor, taskGroup, resourceVersionUuids: versions } = message;
  const tasks = taskGroup.tasks.map((task) => ({ ...task, executor }));
  const launchExecutor = launchExecutorOf(internal.RunTaskGroupMessageSchema, message);
  run(turn, { framework, pid: undefined, tasks, executor, isGroup: true, launchExecutor, versions });
}
