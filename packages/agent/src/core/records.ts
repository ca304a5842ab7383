/** What an agent knows. One structure, changed by `step` alone; its messages are never changed, only replaced. */
import type {
  AgentInfoValid,
  DrainConfigValid,
  ExecutorInfoValid,
  FrameworkInfoValid,
  internal,
  OperationValid,
  Resources,
  TaskInfoValid,
  TaskStatus_Reason,
  TaskValid,
} from '@orchestrator/mesos';
import type { Random } from '@orchestrator/runtime';
import type { ContainerStatus } from '../container/runtime.ts';

export interface CoreOptions {
  /** `slave(1)@host:port` */
  pid: string;
  /** Told to masters. Default 1.12.0. */
  version: string;
  /** The first registration waits up to this long, each further attempt up to twice as long as the one before. */
  registrationBackoffMs: number;
  /** It has a credential, and proves that before it registers. */
  authenticates: boolean;
  /** Between two attempts to authenticate; doubled from one to the next. */
  authenticationBackoffMs: number;
  /** From the launch of an executor to its subscription. */
  executorRegistrationTimeoutMs: number;
  /** From the agent's restart to an executor's subscription. */
  executorReregistrationTimeoutMs: number;
  /** From SHUTDOWN to the end of the container, where the executor does not say. */
  executorShutdownGraceMs: number;
  /** Between SIGTERM and SIGKILL, where the task does not say. */
  killGraceMs: number;
  random: Random;
  newUuid: () => Uint8Array;
}

export const defaultCoreOptions = {
  version: '1.12.0',
  registrationBackoffMs: 1_000,
  authenticates: false,
  authenticationBackoffMs: 1_000,
  executorRegistrationTimeoutMs: 60_000,
  executorReregistrationTimeoutMs: 2_000,
  executorShutdownGraceMs: 5_000,
  killGraceMs: 3_000,
} as const;

export const coreLimits = {
  /** Between two attempts to register. */
  registrationBackoffMs: 60_000,
  /** From an update that nobody acknowledged to the next attempt: doubled from the first to the last. */
  updateRetryMs: 10_000,
  updateRetryMostMs: 600_000,
  /** Without a ping for so long the agent thinks that it was given up; masters tell their own figure. */
  pingTimeoutMs: 75_000,
  completedFrameworks: 50,
  completedExecutors: 150,
  completedTasks: 200,
  /** Uuids of updates that were taken, kept for each task to know repetitions by. */
  takenUuids: 100,
  /** Of a task, waiting to be acknowledged: beyond it only its end is taken. */
  pendingUpdates: 1_000,
  /** Tasks that an executor has not subscribed for yet. */
  queuedTasks: 10_000,
} as const;

/** Updates of one task, in order; the first of them is on its way until it is acknowledged. */
export interface UpdateStream {
  frameworkId: string;
  taskId: string;
  pending: internal.StatusUpdateValid[];
  /** In hexadecimal, those still pending too. */
  taken: string[];
  retryMs: number;
  isTerminal: boolean;
}

/** Why a task was asked to end, and so what its end is called. */
export interface KillRequest {
  state: 'killed' | 'failed';
  reason?: TaskStatus_Reason;
  message: string;
}

export interface TaskRecord {
  info: TaskInfoValid;
  task: TaskValid;
  /** `queued`: for an executor that has not subscribed. `ended`: its last update waits to be acknowledged. */
  phase: 'queued' | 'launched' | 'ended';
  /** The same for those that an executor of their own is given together. */
  group?: string;
  /** Its own container, or that of its executor. */
  containerId: string;
  kill?: KillRequest;
  container?: ContainerStatus;
  healthy?: boolean;
}

/**
 * - `command`: no process but the task's own container.
 * - `group`: no process either, and a container for each task of the group.
 * - `custom`: a process that speaks the executor API.
 */
export type ExecutorKind = 'command' | 'group' | 'custom';

export interface ExecutorRecord {
  kind: ExecutorKind;
  info: ExecutorInfoValid;
  /** A command task has that of its executor. */
  containerId: string;
  phase: 'registering' | 'running' | 'terminating' | 'terminated';
  isSubscribed: boolean;
  /** Of one that came by messages of libprocess; without, it speaks the v1 API. */
  pid?: string;
  tasks: Map<string, TaskRecord>;
  completedTasks: TaskValid[];
  /** What the tasks that it leaves behind are told. */
  kill?: KillRequest;
}

export interface FrameworkRecord {
  id: string;
  info: FrameworkInfoValid;
  /** Of a driver; undefined over HTTP. */
  pid: string | undefined;
  phase: 'running' | 'terminating';
  executors: Map<string, ExecutorRecord>;
  completedExecutors: ExecutorRecord[];
}

export interface OperationRecord {
  uuid: string;
  frameworkId: string | undefined;
  operation: OperationValid;
}

export interface PersistentVolume {
  role: string;
  id: string;
}

export interface AgentCounters {
  tasks: Record<string, number>;
  validStatusUpdates: number;
  invalidStatusUpdates: number;
  validFrameworkMessages: number;
  invalidFrameworkMessages: number;
  executorsTerminated: number;
  containerLaunchErrors: number;
  recoveryErrors: number;
}

export interface AgentState {
  readonly options: CoreOptions;
  /** Without an id before the first registration. */
  info: AgentInfoValid;
  phase: 'recovering' | 'disconnected' | 'running' | 'terminating';
  /** Why a master wants it to end, until that has happened. */
  farewell: string | undefined;
  /** After a start: what still runs has been found. */
  areContainersKnown: boolean;
  /** The leading master as detected. */
  master: string | undefined;
  registrationAttempts: number;
  authenticationAttempts: number;
  pingTimeoutMs: number;
  frameworks: Map<string, FrameworkRecord>;
  completedFrameworks: FrameworkRecord[];
  streams: Map<string, UpdateStream>;
  /** Keys of records found at the start whose executor or framework has none: a crash was in the midst of writing or removing them. */
  orphans: string[];
  /** Reservations and volumes made while the agent ran. */
  checkpointed: Resources;
  /** Destroyed, and their data may still be there. */
  goneVolumes: readonly PersistentVolume[];
  operations: Map<string, OperationRecord>;
  resourceVersion: Uint8Array;
  drain: { config: DrainConfigValid; startedAtMs: number } | undefined;
  counters: AgentCounters;
}
