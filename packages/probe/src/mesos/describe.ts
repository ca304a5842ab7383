/** From what Mesos says to nodes. */
import type { Reading, Sighting } from '@orchestrator/report';
import { isSecretName, maskedValue } from '@orchestrator/runtime/secrets';
import { filled } from '../json/read.ts';
import type { MarathonApp, MesosAgent, MesosFramework, MesosTask } from './state.ts';

export const agentNodeId = (agentId: string): string => `${agentId};<mesos_agent>`;
export const frameworkNodeId = (frameworkId: string): string => `${frameworkId};<mesos_framework>`;
export const taskNodeId = ({ frameworkId, id }: Pick<MesosTask, 'frameworkId' | 'id'>): string =>
  `${frameworkId};${id};<mesos_task>`;
export const appNodeId = (frameworkId: string, appId: string): string =>
  `${frameworkId};${appId};<marathon_app>`;

const prefixed = (prefix: string, values: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      `${prefix}${key}`,
      isSecretName(key) ? maskedValue : value,
    ]),
  );

const yesOrNo = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'yes' : 'no');

/** Milliseconds of a moment as others write it. */
const momentOf = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

export interface TaskPlace {
  /** Of the host on which it runs, if it is this one. */
  readonly host: string;
  /** The app that it is an instance of, if that is one of Marathon's. */
  readonly app: string | undefined;
}

export function describeTask(task: MesosTask, { host, app }: TaskPlace): Sighting {
  const { resources } = task;
  return {
    latest: {
      mesos_name: task.name || task.id,
      mesos_task_id: task.id,
      mesos_state: task.state,
      mesos_healthy: yesOrNo(task.healthy),
      mesos_role: filled(task.role),
      mesos_framework_id: task.frameworkId,
      mesos_executor_id: task.executorId,
      mesos_agent_id: task.agentId,
      mesos_container_id: filled(task.containerId),
      mesos_cpus: resources.cpus,
      mesos_mem_mb: resources.mem,
      mesos_disk_mb: resources.disk,
      mesos_gpus: resources.gpus === '0' ? undefined : resources.gpus,
      mesos_ports: resources.ports,
      mesos_sandbox: filled(task.sandbox),
      mesos_started: momentOf(task.startedMs),
      host_node_id: host,
      ...prefixed('mesos_label_', task.labels),
    },
    sets: { mesos_ips: task.addresses },
    parents: {
      host: [host],
      mesos_agent: [agentNodeId(task.agentId)],
      mesos_framework: [frameworkNodeId(task.frameworkId)],
      ...(app === undefined ? {} : { marathon_app: [appNodeId(task.frameworkId, app)] }),
    },
  };
}

/** `host`: the node of the host, where that is this one. */
export function describeAgent(agent: MesosAgent, host: string | undefined): Sighting {
  return {
    latest: {
      mesos_name: agent.hostname || agent.id,
      mesos_agent_id: agent.id,
      mesos_address: filled(agent.address),
      mesos_version: filled(agent.version),
      mesos_active: yesOrNo(agent.active),
      host_node_id: host,
      ...prefixed('mesos_attribute_', agent.attributes),
    },
    ...(host === undefined ? {} : { parents: { host: [host] } }),
  };
}

/** Of an agent: what is allocated of what it has. */
export function agentReadings({ resources, used }: MesosAgent): Record<string, Reading> {
  const readings: Record<string, Reading> = {};
  for (const [name, scale] of [
    ['cpus', 1],
    ['mem', 2 ** 20],
    ['disk', 2 ** 20],
    ['gpus', 1],
  ] as const) {
    const total = resources[name];
    const taken = used[name];
    if (typeof total !== 'number' || total === 0) continue;
    const value = (typeof taken === 'number' ? taken : 0) * scale;
    readings[`mesos_${name}_allocated`] = { value, min: 0, max: total * scale };
  }
  return readings;
}

export function describeFramework(framework: MesosFramework): Sighting {
  return {
    latest: {
      mesos_name: framework.name || framework.id,
      mesos_framework_id: framework.id,
      mesos_user: filled(framework.user),
      mesos_principal: filled(framework.principal),
      mesos_scheduler: filled(framework.hostname),
      mesos_web_url: filled(framework.webUrl),
      mesos_active: yesOrNo(framework.active),
    },
    sets: { mesos_roles: framework.roles },
  };
}

/** `app`: only its name is known where Marathon was not asked. */
export function describeApp(
  frameworkId: string,
  app: Pick<MarathonApp, 'id'> & Partial<MarathonApp>,
): Sighting {
  const count = (value: number | undefined) => (value === undefined ? undefined : String(value));
  return {
    latest: {
      marathon_id: app.id,
      marathon_framework_id: frameworkId,
      marathon_instances: count(app.instances),
      marathon_running: count(app.running),
      marathon_healthy: count(app.healthy),
      marathon_unhealthy: count(app.unhealthy),
      marathon_image: filled(app.image ?? ''),
      marathon_command: filled(app.command ?? ''),
      marathon_version: filled(app.version ?? ''),
      marathon_cpus: app.resources?.cpus,
      marathon_mem_mb: app.resources?.mem,
      ...prefixed('marathon_label_', app.labels ?? {}),
    },
    parents: { mesos_framework: [frameworkNodeId(frameworkId)] },
  };
}
