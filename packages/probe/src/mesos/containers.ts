import type { Sighting } from '@orchestrator/report';
import { seeAll } from '../board/see-all.ts';
import { containerNodeId, hostNodeId } from '../host/facts.ts';
import type { GroupParents } from '../process/groups.ts';
import { readLink } from '../procfs/read.ts';
import type { SourceContext } from '../source.ts';
import { taskNodeId } from './describe.ts';
import type { MesosTask } from './state.ts';

type Container = readonly [id: string, sighting: Sighting];

/**
 * Which containers and processes are a task's. Docker calls its container `mesos-<container id>`. Without Docker, the container id is
 * in the path of the control group of all its processes, and where there is none, in variables that they were started with.
 */
export function containerLinks(context: SourceContext) {
  const { board, processGroups } = context;
  const places = nativePlaces(context);
  return {
    /** Containers come and go between two answers of the agent, so to be called also when tasks are the same. */
    write(tasks: readonly MesosTask[]): void {
      const docker = new Map<string, string[]>();
      const native = new Map<string, MesosTask[]>();
      for (const task of tasks) {
        const place = context.places.named(`mesos-${task.containerId}`);
        if (place !== undefined) append(docker, containerNodeId(place.containerId), taskNodeId(task));
        else
          for (const id of new Set([task.containerId, task.nestedContainerId ?? task.containerId]))
            append(native, id, task);
      }
      processGroups.want(new Map([...native].map(([id, owners]) => [id, parentsIn(context, id, owners)])));
      const contained = [...native].filter(([id]) => processGroups.found(id)?.isContained === true);
      places.keep(contained);
      seeAll(board, 'container', [
        ...[...docker].map(([id, ids]): Container => [id, { latest: {}, parents: { mesos_task: ids } }]),
        ...contained.map(([id, owners]) => describeNative(context, id, owners)),
      ]);
    },
  };
}

function append<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function parentsIn({ processGroups }: SourceContext, id: string, tasks: readonly MesosTask[]): GroupParents {
  const isContained = processGroups.found(id)?.isContained === true;
  return {
    mesos_task: tasks.map(taskNodeId),
    ...(isContained ? { container: [containerNodeId(id)] } : {}),
  };
}

/** With the keys that Docker's have, so that views need not tell them apart. */
function describeNative({ host }: SourceContext, id: string, tasks: readonly MesosTask[]): Container {
  const [first] = tasks;
  return [
    containerNodeId(id),
    {
      latest: {
        docker_container_id: id,
        docker_container_name: tasks.length === 1 ? first?.name || first?.id : first?.executorId,
        docker_container_state: 'running',
        docker_container_state_human: 'started by Mesos',
        host_node_id: hostNodeId(host),
      },
      parents: { host: [hostNodeId(host)], mesos_task: tasks.map(taskNodeId) },
    },
  ];
}

/** Containers without Docker are places, too, where they have a network of their own. */
function nativePlaces({ host, places, processGroups }: SourceContext) {
  let kept = new Set<string>();
  return {
    keep(containers: readonly (readonly [string, readonly MesosTask[]])[]): void {
      const now = new Set(containers.map(([id]) => id));
      for (const id of kept) if (!now.has(id)) places.remove(id);
      kept = now;
      for (const [containerId, tasks] of containers) {
        const pid = processGroups.found(containerId)?.pid ?? 0;
        const isOwnNetwork = readLink(`${host.procRoot}/${pid}/ns/net`) !== places.ownNamespace;
        const addresses = isOwnNetwork ? [...new Set(tasks.flatMap((task) => task.addresses))] : [];
        places.put({ containerId, name: `native-${containerId}`, pid, addresses });
      }
    },
  };
}
