/** Who may have how much on the disk, as Mesos' `disk/du` has it: sandboxes by their `disk`, persistent volumes by their size. Pure. */
import { isPersistentVolume, type ResourceKind, Resources } from '@orchestrator/mesos';
import type { AgentState, ExecutorRecord, TaskRecord } from '../core/records.ts';
import { persistentVolumePathOf } from '../launch/container-spec.ts';

export interface DiskAllotment {
  /** Ends when there is more, where quotas are enforced. */
  readonly containerId: string;
  readonly path: string;
  readonly quotaBytes: number;
  /** Of a persistent volume; otherwise it is the sandbox. */
  readonly disk?: NonNullable<ResourceKind['disk']>;
}

export interface MeasuredDisk extends DiskAllotment {
  readonly usedBytes: number;
}

export interface DiskPlaces {
  readonly workDir: string;
  /** Of a container, where it has one. */
  readonly sandboxOf: (containerId: string) => string | undefined;
}

const mebibyte = 2 ** 20;

const quotaOf = (disk: Resources) => Math.round((disk.thousandths('disk') / 1000) * mebibyte);

function* allotmentsOf(
  containerId: string,
  resources: Resources,
  { workDir, sandboxOf }: DiskPlaces,
): Iterable<DiskAllotment> {
  const disk = resources.filter(({ name }) => name === 'disk');
  for (const entry of disk) {
    const path = persistentVolumePathOf(entry.kind, workDir);
    if (path === undefined || entry.kind.disk === undefined) continue;
    yield { containerId, path, quotaBytes: quotaOf(Resources.join([entry])), disk: entry.kind.disk };
  }
  const quotaBytes = quotaOf(disk.filter((kind) => !isPersistentVolume(kind)));
  const path = sandboxOf(containerId);
  // Who asked for no disk at all is not held to anything.
  if (path !== undefined && quotaBytes > 0) yield { containerId, path, quotaBytes };
}

/** Docker's containers write elsewhere too, and are the Engine's to limit. */
const isInDocker = ({ info: { container } }: TaskRecord | ExecutorRecord) => container?.docker !== undefined;

function* ofExecutor(executor: ExecutorRecord, places: DiskPlaces): Iterable<DiskAllotment> {
  const tasks = [...executor.tasks.values()].filter(({ phase }) => phase === 'launched');
  if (executor.kind !== 'custom') {
    for (const task of tasks) {
      if (isInDocker(task)) continue;
      yield* allotmentsOf(task.containerId, Resources.from(task.info.resources), places);
    }
    return;
  }
  if (isInDocker(executor)) return;
  const resources = [executor.info, ...tasks.map(({ info }) => info)].map((info) =>
    Resources.from(info.resources),
  );
  yield* allotmentsOf(executor.containerId, Resources.sum(resources), places);
}

/** Of everything that runs. */
export function diskAllotments(state: AgentState, places: DiskPlaces): DiskAllotment[] {
  const executors = [...state.frameworks.values()].flatMap((framework) => [...framework.executors.values()]);
  return executors
    .filter(({ phase }) => phase !== 'terminated')
    .flatMap((executor) => [...ofExecutor(executor, places)]);
}
