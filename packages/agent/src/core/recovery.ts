/** From what was saved to a state, and from the containers that were found to what became of the tasks. */
import {
  type AgentInfoValid,
  isTerminal,
  Resources,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import type { RecoveredContainer } from '../container/containerizer.ts';
import type { Termination } from '../container/machine.ts';
import { onLaunched, onTerminated } from './containers.ts';
import { drainPolicy } from './drain.ts';
import { endExecutor, endTask } from './ends.ts';
import { sendReconnect } from './executor-events.ts';
import { tidy } from './frameworks.ts';
import { graceOf } from './kill.ts';
import {
  type AgentState,
  type CoreOptions,
  coreLimits,
  type ExecutorRecord,
  type FrameworkRecord,
  type TaskRecord,
} from './records.ts';
import { startRegistration } from './registration.ts';
import { setCheckpointed } from './resources.ts';
import { keyOf, type SavedExecutor, type SavedRecord, type SavedTask } from './saved.ts';
import { type Turn, timer } from './turn.ts';
import { streamKey } from './updates.ts';

export function newState(info: AgentInfoValid, options: CoreOptions): AgentState {
  return {
    ...{ info, options, phase: 'recovering', areContainersKnown: false, master: undefined },
    farewell: undefined,
    registrationAttempts: 0,
    authenticationAttempts: 0,
    pingTimeoutMs: coreLimits.pingTimeoutMs,
    ...{ frameworks: new Map(), completedFrameworks: [], streams: new Map(), operations: new Map() },
    orphans: [],
    checkpointed: Resources.none,
    goneVolumes: [],
    resourceVersion: options.newUuid(),
    drain: undefined,
    counters: {
      ...{ tasks: {}, validStatusUpdates: 0, invalidStatusUpdates: 0, validFrameworkMessages: 0 },
      ...{ invalidFrameworkMessages: 0, executorsTerminated: 0, containerLaunchErrors: 0, recoveryErrors: 0 },
    },
  };
}

function restoreExecutor(state: AgentState, saved: SavedExecutor): void {
  const framework = state.frameworks.get(saved.frameworkId);
  if (framework === undefined) {
    addOrphan(state, saved);
    return;
  }
  const { executorKind: kind, info, containerId, phase, pid } = saved;
  const executor: ExecutorRecord = {
    ...{ kind, info, containerId, isSubscribed: false, tasks: new Map(), completedTasks: [] },
    phase: phase === 'terminated' ? 'running' : phase,
    ...(pid !== undefined && { pid }),
  };
  framework.executors.set(info.executorId.value, executor);
}

function addOrphan(state: AgentState, record: SavedRecord): void {
  state.orphans.push(keyOf(record));
}

function restoreTask(state: AgentState, saved: SavedTask): void {
  const executor = state.frameworks.get(saved.frameworkId)?.executors.get(saved.executorId);
  if (executor === undefined) {
    addOrphan(state, saved);
    return;
  }
  const { info, task, phase, containerId, killRequest, group, pending, taken } = saved;
  const record: TaskRecord = {
    ...{ info, task, phase, containerId },
    ...(killRequest && { kill: killRequest }),
    ...(group !== undefined && { group }),
  };
  const taskId = task.taskId.value;
  executor.tasks.set(taskId, record);
  state.streams.set(streamKey(saved.frameworkId, taskId), {
    ...{ frameworkId: saved.frameworkId, taskId, pending, taken },
    retryMs: coreLimits.updateRetryMs,
    isTerminal: isTerminal(task.state),
  });
}

const order: readonly SavedRecord['kind'][] = [
  'agent',
  'resources',
  'drain',
  'operation',
  'framework',
  'executor',
  'task',
];

/** As it was when it was saved; who still runs is told by the event `recovered`. Records come in any order. */
export function restoreState(
  info: AgentInfoValid,
  options: CoreOptions,
  records: readonly SavedRecord[],
): AgentState {
  const state = newState(info, options);
  const sorted = [...records].sort((left, right) => order.indexOf(left.kind) - order.indexOf(right.kind));
  for (const record of sorted) {
    if (record.kind === 'resources') {
      state.checkpointed = Resources.from(record.resources);
      state.goneVolumes = record.goneVolumes ?? [];
    } else if (record.kind === 'drain')
      state.drain = { config: record.config, startedAtMs: record.startedAtMs };
    else if (record.kind === 'operation') {
      const { uuid, frameworkId, operation } = record;
      state.operations.set(uuid, { uuid, frameworkId, operation });
    } else if (record.kind === 'framework') {
      const { id, info: frameworkInfo, pid } = record;
      const empty = { executors: new Map(), completedExecutors: [], phase: 'running' as const };
      state.frameworks.set(id, { id, info: frameworkInfo, pid, ...empty });
    } else if (record.kind === 'executor') restoreExecutor(state, record);
    else if (record.kind === 'task') restoreTask(state, record);
  }
  return state;
}

/** Every container that the agent would miss. */
export function wantedContainers(state: AgentState): Set<string> {
  const wanted = new Set<string>();
  for (const { executors } of state.frameworks.values()) {
    for (const executor of executors.values()) {
      if (executor.kind === 'custom') wanted.add(executor.containerId);
      else for (const { containerId } of executor.tasks.values()) wanted.add(containerId);
    }
  }
  return wanted;
}

/** Those that sandboxes are named after. */
export function executorContainers(state: AgentState): Set<string> {
  const frameworks = [...state.frameworks.values()];
  return new Set(
    frameworks.flatMap(({ executors }) => [...executors.values()].map((one) => one.containerId)),
  );
}

const lost: Termination = {
  reason: 'exited',
  exitCode: undefined,
  message: 'Its container was not found after a restart of the agent',
};

const rebooted = {
  state: TaskState.TASK_FAILED,
  reason: TaskStatus_Reason.AGENT_RESTARTED,
  message: "The agent's machine was rebooted",
} as const;

/** A container of which nothing is left. */
function endLost(
  turn: Turn,
  framework: FrameworkRecord,
  executor: ExecutorRecord,
  isRebooted: boolean,
): void {
  const { EXECUTOR_TERMINATED: reason } = TaskStatus_Reason;
  const { message } = lost;
  const report = isRebooted ? rebooted : { state: TaskState.TASK_FAILED, reason, message };
  for (const task of executor.tasks.values()) endTask(turn, framework, executor, task, report);
  endExecutor(turn, framework, executor, lost);
}

function recoverExecutor(
  turn: Turn,
  { framework, executor }: { framework: FrameworkRecord; executor: ExecutorRecord },
  found: ReadonlyMap<string, RecoveredContainer>,
  isRebooted: boolean,
): void {
  if (executor.kind === 'custom') {
    const container = found.get(executor.containerId);
    if (container === undefined) endLost(turn, framework, executor, isRebooted);
    else if (container.state === 'exited') {
      const isUnexplained = isRebooted && container.termination.exitCode === undefined;
      if (isUnexplained) endLost(turn, framework, executor, isRebooted);
      else onTerminated(turn, executor.containerId, container.termination);
    } else {
      timer(turn, `executor ${executor.containerId}`, turn.state.options.executorReregistrationTimeoutMs);
      if (executor.pid !== undefined) sendReconnect(turn, executor.pid);
    }
    return;
  }
  for (const task of [...executor.tasks.values()])
    recoverTask(turn, { framework, executor }, task, found, isRebooted);
  const isOver = [...executor.tasks.values()].every(({ phase }) => phase === 'ended');
  if (isOver && executor.phase !== 'terminated') endExecutor(turn, framework, executor, undefined);
}

function recoverTask(
  turn: Turn,
  { framework, executor }: { framework: FrameworkRecord; executor: ExecutorRecord },
  task: TaskRecord,
  found: ReadonlyMap<string, RecoveredContainer>,
  isRebooted: boolean,
): void {
  if (task.phase === 'ended') return;
  const container = found.get(task.containerId);
  const termination = container === undefined ? lost : container.state === 'exited' && container.termination;
  if (termination !== false) {
    // With a reboot went who would have written down how it ended.
    if (isRebooted && termination.exitCode === undefined) endTask(turn, framework, executor, task, rebooted);
    else onTerminated(turn, task.containerId, termination);
    return;
  }
  if (container === undefined || container.state === 'exited') return;
  task.container = container.status;
  const { state } = task.task;
  if (state === TaskState.TASK_STARTING || state === TaskState.TASK_STAGING) {
    // The agent died between the start of the container and the update about it.
    onLaunched(turn, task.containerId, container.status);
  } else {
    turn.actions.push({ type: 'watch', containerId: task.containerId, task: task.info });
  }
  // A kill that was under way is given its time again.
  if (task.kill !== undefined) {
    const graceMs = graceOf(turn, task, drainPolicy(turn.state.drain?.config, task));
    turn.actions.push({ type: 'kill', containerId: task.containerId, graceMs });
  }
}

export function onRecovered(
  turn: Turn,
  containers: readonly RecoveredContainer[],
  isRebooted: boolean,
): void {
  const found = new Map(containers.map((container) => [container.containerId, container]));
  for (const key of turn.state.orphans) turn.actions.push({ type: 'forget', key });
  turn.state.orphans = [];
  for (const framework of [...turn.state.frameworks.values()]) {
    for (const executor of [...framework.executors.values()]) {
      recoverExecutor(turn, { framework, executor }, found, isRebooted);
    }
    tidy(turn, framework);
  }
  if (turn.state.goneVolumes.length > 0) setCheckpointed(turn, turn.state.checkpointed);
  turn.state.areContainersKnown = true;
}

/** Registers when every executor is back or was given up, so that the master hears of what is really there. */
export function finishRecoveryIfDone(turn: Turn): void {
  const { state } = turn;
  if (state.phase !== 'recovering' || !state.areContainersKnown) return;
  for (const { executors } of state.frameworks.values()) {
    for (const { kind, phase, isSubscribed } of executors.values()) {
      if (kind === 'custom' && phase !== 'terminated' && !isSubscribed) return;
    }
  }
  state.phase = 'disconnected';
  startRegistration(turn);
}
