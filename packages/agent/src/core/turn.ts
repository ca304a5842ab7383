/** One step in progress: the state, the time, and the actions so far. */
import type { encodeMessage, executor, MessageShape, TaskInfoValid, Valid } from '@orchestrator/mesos';
import { formatUuid } from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, FrameworkRecord, PersistentVolume, TaskRecord } from './records.ts';
import { keyOf, type SavedRecord } from './saved.ts';

type MessageDescriptor = Parameters<typeof encodeMessage>[0];

/** What a container is launched for. */
export interface LaunchOrder {
  frameworkId: string;
  executorId: string;
  /** Of the executor: names its sandbox. */
  executorContainerId: string;
  containerId: string;
  executor: ExecutorRecord['info'];
  framework: FrameworkRecord['info'];
  /** Undefined for the container of a custom executor. */
  task: TaskInfoValid | undefined;
}

/** In this order; what is saved is on disk before anything after it is done. */
export type Action =
  | { type: 'link'; to: string }
  /** Answered by the event `authenticated`. */
  | { type: 'authenticate'; to: string }
  | { type: 'send'; to: string; schema: MessageDescriptor; message: MessageShape<MessageDescriptor> }
  | { type: 'event'; containerId: string; event: executor.EventValid }
  /** Ends the executor's stream. */
  | { type: 'closeSession'; containerId: string }
  | { type: 'save'; key: string; record: SavedRecord }
  | { type: 'forget'; key: string }
  | { type: 'launch'; order: LaunchOrder }
  | { type: 'kill'; containerId: string; graceMs: number }
  /** Nothing needs it any more: its container is removed, and its sandbox is garbage. */
  | { type: 'release'; containerId: string }
  | { type: 'watch'; containerId: string; task: TaskInfoValid }
  | { type: 'timer'; key: string; delayMs: number }
  | { type: 'cancelTimer'; key: string }
  /** The folders of persistent volumes; removed ones are told of by the event `volumesRemoved`. */
  | { type: 'volumes'; make: readonly PersistentVolume[]; remove: readonly PersistentVolume[] }
  /** The agent has no place in this cluster. */
  | { type: 'exit'; message: string }
  | { type: 'log'; message: string; fields: Record<string, unknown> };

export interface Turn {
  readonly state: AgentState;
  /** Wall clock; for timestamps only. Delays are the shell's. */
  readonly nowMs: number;
  readonly actions: Action[];
}

export function send<Desc extends MessageDescriptor>(
  turn: Turn,
  to: string | undefined,
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): void {
  if (to === undefined) return;
  turn.actions.push({ type: 'send', to, schema, message: message as MessageShape<MessageDescriptor> });
}

export const isRegistered = ({ phase }: AgentState) => phase === 'running' || phase === 'terminating';

/** To the master, if it knows this agent; otherwise what is lost is sent again after registration, or was best effort. */
export function sendToMaster<Desc extends MessageDescriptor>(
  turn: Turn,
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): void {
  if (isRegistered(turn.state)) send(turn, turn.state.master, schema, message);
}

/** Only what a framework wants kept is kept. */
export function save(turn: Turn, record: SavedRecord): void {
  turn.actions.push({ type: 'save', key: keyOf(record), record });
}

export function timer(turn: Turn, key: string, delayMs: number): void {
  turn.actions.push({ type: 'timer', key, delayMs });
}

export function cancelTimer(turn: Turn, key: string): void {
  turn.actions.push({ type: 'cancelTimer', key });
}

export function log(turn: Turn, message: string, fields: Record<string, unknown> = {}): void {
  turn.actions.push({ type: 'log', message, fields });
}

export const newId = ({ state }: Turn) => formatUuid(state.options.newUuid());

export const hasCapability = (framework: FrameworkRecord, capability: number) =>
  framework.info.capabilities.some(({ type }) => type === capability);

export interface Place {
  framework: FrameworkRecord;
  executor: ExecutorRecord;
}

export function findTask(
  state: AgentState,
  frameworkId: string,
  taskId: string,
): (Place & { task: TaskRecord }) | undefined {
  const framework = state.frameworks.get(frameworkId);
  for (const executor of framework?.executors.values() ?? []) {
    const task = executor.tasks.get(taskId);
    if (framework !== undefined && task !== undefined) return { framework, executor, task };
  }
  return undefined;
}

/** The executor whose container it is, or one of whose tasks it holds. */
export function findContainer(
  state: AgentState,
  containerId: string,
): (Place & { task: TaskRecord | undefined }) | undefined {
  for (const framework of state.frameworks.values()) {
    for (const executor of framework.executors.values()) {
      const task =
        executor.kind === 'custom'
          ? undefined
          : [...executor.tasks.values()].find((each) => each.containerId === containerId);
      if (task !== undefined || executor.containerId === containerId) return { framework, executor, task };
    }
  }
  return undefined;
}

/** As far back as the history goes. */
export function hasEnded(state: AgentState, frameworkId: string, taskId: string): boolean {
  const past = state.completedFrameworks.filter(({ id }) => id === frameworkId);
  const present = state.frameworks.get(frameworkId);
  for (const { executors, completedExecutors } of present === undefined ? past : [...past, present]) {
    for (const { completedTasks } of [...executors.values(), ...completedExecutors]) {
      if (completedTasks.some((task) => task.taskId.value === taskId)) return true;
    }
  }
  return false;
}
