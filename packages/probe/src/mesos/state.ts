/** What agents and masters say at `/state`, `/slaves` and `/frameworks`, and Marathon at `/v2/apps`. */
import { type Json, listOf, numberOf, objectOf, objectsOf, textOf, textsOf } from '../json/read.ts';

export interface MesosFramework {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly hostname: string;
  readonly principal: string;
  readonly webUrl: string;
  readonly roles: readonly string[];
  /** Undefined where only agents were asked. */
  readonly active: boolean | undefined;
}

export interface MesosTask {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly agentId: string;
  readonly state: string;
  readonly role: string;
  readonly healthy: boolean | undefined;
  readonly resources: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the executor that runs it; Docker's container is called after it. */
  readonly containerId: string;
  /** Its own, within that of its executor, if it has one. */
  readonly nestedContainerId: string | undefined;
  readonly sandbox: string;
  readonly addresses: readonly string[];
  readonly startedMs: number | undefined;
}

export interface MesosAgent {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly version: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resources: Json;
  readonly used: Json;
  /** Undefined where only the agent itself was asked. */
  readonly active: boolean | undefined;
}

export interface AgentState {
  readonly agent: MesosAgent;
  readonly frameworks: readonly MesosFramework[];
  readonly tasks: readonly MesosTask[];
}

/** `slave(1)@10.0.0.1:5051` */
const addressOf = (pid: string) => pid.slice(pid.indexOf('@') + 1);

function frameworkOf(json: Json): MesosFramework {
  const roles = listOf(json.roles).map(textOf);
  return {
    id: textOf(json.id),
    name: textOf(json.name),
    user: textOf(json.user),
    hostname: textOf(json.hostname),
    principal: textOf(json.principal),
    webUrl: textOf(json.webui_url),
    roles: roles.length > 0 ? roles : [textOf(json.role)].filter((role) => role !== ''),
    active: typeof json.active === 'boolean' ? json.active : undefined,
  };
}

function statusFacts(statuses: readonly Json[]) {
  const last = statuses.at(-1);
  const started = statuses.find(({ state }) => state === 'TASK_RUNNING');
  const container = objectOf(last?.container_status);
  const networks = objectsOf(container.network_infos);
  const { value, parent } = objectOf(container.container_id);
  return {
    nestedContainerId: parent === undefined ? undefined : textOf(value),
    healthy: typeof last?.healthy === 'boolean' ? last.healthy : undefined,
    addresses: networks.flatMap(({ ip_addresses }) =>
      objectsOf(ip_addresses)
        .map(({ ip_address }) => textOf(ip_address))
        .filter((ip) => ip !== ''),
    ),
    startedMs: started === undefined ? undefined : Math.round(numberOf(started.timestamp) * 1000),
  };
}

function taskOf(json: Json, executor: { containerId: string; sandbox: string }): MesosTask {
  const labels = objectsOf(json.labels).map(({ key, value }): [string, string] => [
    textOf(key),
    textOf(value),
  ]);
  return {
    id: textOf(json.id),
    name: textOf(json.name),
    frameworkId: textOf(json.framework_id),
    executorId: textOf(json.executor_id) || textOf(json.id),
    agentId: textOf(json.slave_id),
    state: textOf(json.state),
    role: textOf(json.role),
    resources: textsOf(json.resources),
    labels: Object.fromEntries(labels),
    ...executor,
    ...statusFacts(objectsOf(json.statuses)),
  };
}

const tasksOf = (executor: Json): MesosTask[] =>
  objectsOf(executor.tasks).map((task) =>
    taskOf(task, { containerId: textOf(executor.container), sandbox: textOf(executor.directory) }),
  );

/** `GET /state` of an agent. */
export function parseAgentState(json: unknown): AgentState {
  const root = objectOf(json);
  const frameworks = objectsOf(root.frameworks);
  return {
    agent: {
      id: textOf(root.id),
      hostname: textOf(root.hostname),
      address: addressOf(textOf(root.pid)),
      version: textOf(root.version),
      attributes: textsOf(root.attributes),
      resources: objectOf(root.resources),
      used: usedOf(root),
      active: undefined,
    },
    frameworks: frameworks.map(frameworkOf),
    tasks: frameworks.flatMap(({ executors }) => objectsOf(executors).flatMap(tasksOf)),
  };
}

/** Agents tell what is allocated by role. */
function usedOf(root: Json): Json {
  const parts = [
    root.unreserved_resources_allocated,
    ...Object.values(objectOf(root.reserved_resources_allocated)),
  ];
  const used: Record<string, number> = {};
  for (const part of parts) {
    for (const [name, value] of Object.entries(objectOf(part)))
      if (typeof value === 'number') used[name] = (used[name] ?? 0) + value;
  }
  return used;
}

/** `GET /slaves` of a master. */
export const parseAgents = (json: unknown): MesosAgent[] =>
  objectsOf(objectOf(json).slaves).map((slave) => ({
    id: textOf(slave.id),
    hostname: textOf(slave.hostname),
    address: addressOf(textOf(slave.pid)),
    version: textOf(slave.version),
    attributes: textsOf(slave.attributes),
    resources: objectOf(slave.resources),
    used: objectOf(slave.used_resources),
    active: slave.active === true && slave.deactivated !== true,
  }));

/** `GET /frameworks` of a master. */
export const parseFrameworks = (json: unknown): MesosFramework[] =>
  objectsOf(objectOf(json).frameworks).map(frameworkOf);

export interface MarathonApp {
  readonly id: string;
  readonly instances: number;
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
  readonly image: string;
  readonly command: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** `GET /v2/apps` of Marathon. */
export const parseApps = (json: unknown): MarathonApp[] =>
  objectsOf(objectOf(json).apps).map((app) => ({
    id: textOf(app.id),
    instances: numberOf(app.instances),
    running: numberOf(app.tasksRunning),
    healthy: numberOf(app.tasksHealthy),
    unhealthy: numberOf(app.tasksUnhealthy),
    image: textOf(objectOf(objectOf(app.container).docker).image),
    command: textOf(app.cmd).slice(0, 1024),
    version: textOf(app.version),
    resources: textsOf({ cpus: app.cpus, mem: app.mem, disk: app.disk }),
    labels: textsOf(app.labels),
  }));

/** `group_web.instance-<uuid>._app.1`, or `group_web.<uuid>` of old: the app `/group/web`. */
export function appOfTask(taskId: string): string | undefined {
  const [, path] =
    /^(.+)\.(?:instance|marathon)-[0-9a-f-]{36}/.exec(taskId) ?? /^(.+)\.[0-9a-f-]{36}$/.exec(taskId) ?? [];
  return path === undefined ? undefined : `/${path.replaceAll('_', '/')}`;
}
