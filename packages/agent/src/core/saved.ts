/** What survives the agent, as records that are each replaced as a whole. */
import { createHash } from 'node:crypto';
import type {
  AgentInfoValid,
  DrainConfigValid,
  ExecutorInfoValid,
  FrameworkInfoValid,
  internal,
  OperationValid,
  ResourceValid,
  TaskInfoValid,
  TaskValid,
} from '@orchestrator/mesos';
import type { ExecutorKind, ExecutorRecord, KillRequest, PersistentVolume } from './records.ts';

export interface SavedTask {
  kind: 'task';
  frameworkId: string;
  executorId: string;
  executorContainerId: string;
  info: TaskInfoValid;
  task: TaskValid;
  containerId: string;
  phase: 'queued' | 'launched' | 'ended';
  killRequest: KillRequest | undefined;
  group?: string;
  pending: internal.StatusUpdateValid[];
  taken: string[];
}

export interface SavedExecutor {
  kind: 'executor';
  frameworkId: string;
  executorKind: ExecutorKind;
  info: ExecutorInfoValid;
  containerId: string;
  phase: ExecutorRecord['phase'];
  pid?: string;
}

export type SavedRecord =
  | { kind: 'agent'; info: AgentInfoValid }
  | { kind: 'resources'; resources: ResourceValid[]; goneVolumes: readonly PersistentVolume[] }
  | { kind: 'drain'; config: DrainConfigValid; startedAtMs: number }
  | { kind: 'operation'; uuid: string; frameworkId: string | undefined; operation: OperationValid }
  | { kind: 'framework'; id: string; info: FrameworkInfoValid; pid: string | undefined }
  | SavedExecutor
  | SavedTask;

/** File systems take names of 255 bytes, and a little is added to these. */
const longestName = 200;

/**
 * Ids come from frameworks: `..` must not lead anywhere, and what is too long for a name goes by its digest, since ids of
 * 255 characters are allowed, and encoding makes them longer.
 */
function encoded(part: string): string {
  const name = encodeURIComponent(part).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
  if (name.length <= longestName) return name;
  const digest = createHash('sha256').update(part).digest('hex');
  return `${name.slice(0, longestName - digest.length - 1)}~${digest}`;
}

const path = (...parts: string[]) => parts.map(encoded).join('/');

export const frameworkKey = (frameworkId: string) => path('frameworks', frameworkId, 'framework');

export const executorKey = (frameworkId: string, executorId: string, containerId: string) =>
  path('frameworks', frameworkId, 'executors', executorId, containerId, 'executor');

export const taskKey = (frameworkId: string, executorId: string, containerId: string, taskId: string) =>
  path('frameworks', frameworkId, 'executors', executorId, containerId, 'tasks', taskId);

/** Names the record: it replaces the one before with the same key. Parts are percent-encoded, joined by slashes. */
export function keyOf(record: SavedRecord): string {
  switch (record.kind) {
    case 'agent':
    case 'resources':
    case 'drain':
      return record.kind;
    case 'operation':
      return path('operations', record.uuid);
    case 'framework':
      return frameworkKey(record.id);
    case 'executor':
      return executorKey(record.frameworkId, record.info.executorId.value, record.containerId);
    case 'task':
      return taskKey(
        record.frameworkId,
        record.executorId,
        record.executorContainerId,
        record.task.taskId.value,
      );
  }
}
