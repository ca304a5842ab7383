/** Whether a task may be launched, in Mesos' words where it may not. The order of the checks is part of the interface. */
import {
  CheckInfo_Type,
  CheckInfoSchema,
  type CheckInfoValid,
  CommandInfoSchema,
  type CommandInfoValid,
  ContainerInfo_Type,
  type ContainerInfoValid,
  ExecutorInfo_Type,
  ExecutorInfoSchema,
  type ExecutorInfoValid,
  encodeMessage,
  HealthCheck_Type,
  HealthCheckSchema,
  type HealthCheckValid,
  isFieldSet,
  Resources,
  type ResourceValid,
  resourceError,
  type TaskInfoValid,
  toThousandths,
} from '@orchestrator/mesos';
import { idError } from './ids.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import { isExclusiveMix, printResource } from './resource-printing.ts';

export interface LaunchPlace {
  readonly framework: FrameworkRecord;
  readonly agent: AgentRecord;
  /** What is left of the offers. */
  readonly offered: Resources;
}

function commandError(command: CommandInfoValid): string | undefined {
  for (const { name, value, secret } of command.environment?.variables ?? []) {
    if (value === '' && secret === undefined) continue;
    if (name === '') return 'Environment variable has no name';
  }
  return undefined;
}

function delaysError(check: HealthCheckValid | CheckInfoValid): string | undefined {
  const { delaySeconds, intervalSeconds, timeoutSeconds } = check;
  const grace = 'gracePeriodSeconds' in check ? check.gracePeriodSeconds : 0;
  if (delaySeconds < 0) return "Expecting 'delay_seconds' to be non-negative";
  if (grace < 0) return "Expecting 'grace_period_seconds' to be non-negative";
  if (intervalSeconds < 0) return "Expecting 'interval_seconds' to be non-negative";
  return timeoutSeconds < 0 ? "Expecting 'timeout_seconds' to be non-negative" : undefined;
}

function checkCommandError(kind: string, command: CommandInfoValid | undefined): string | undefined {
  if (command === undefined) return `Expecting 'command' to be set for COMMAND ${kind.toLowerCase()}`;
  if (!isFieldSet(command, CommandInfoSchema.field.value)) {
    return `${kind} must contain ${command.shell ? "'shell command'" : "'executable path'"}`;
  }
  return undefined;
}

function pathError(kind: string, path: string): string | undefined {
  return path !== '' && !path.startsWith('/')
    ? `The path '${path}' of HTTP ${kind} must start with '/'`
    : undefined;
}

function healthCheckError(check: HealthCheckValid): string | undefined {
  if (!isFieldSet(check, HealthCheckSchema.field.type)) return "HealthCheck must specify 'type'";
  switch (check.type) {
    case HealthCheck_Type.COMMAND: {
      const error = checkCommandError('Command health check', check.command);
      return error?.replace('command health check', 'health check') ?? delaysError(check);
    }
    case HealthCheck_Type.HTTP: {
      const { http } = check;
      if (http === undefined) return "Expecting 'http' to be set for HTTP health check";
      if (http.scheme !== '' && http.scheme !== 'http' && http.scheme !== 'https') {
        return `Unsupported HTTP health check scheme: '${http.scheme}'`;
      }
      return pathError('health check', http.path) ?? delaysError(check);
    }
    case HealthCheck_Type.TCP:
      return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP health check" : delaysError(check);
    default:
      return "'UNKNOWN' is not a valid health check type";
  }
}

function checkInfoError(check: CheckInfoValid): string | undefined {
  if (!isFieldSet(check, CheckInfoSchema.field.type)) return "CheckInfo must specify 'type'";
  switch (check.type) {
    case CheckInfo_Type.COMMAND: {
      const error = checkCommandError('Command check', check.command?.command);
      return error?.replace('command check', 'check') ?? delaysError(check);
    }
    case CheckInfo_Type.HTTP:
      if (check.http === undefined) return "Expecting 'http' to be set for HTTP check";
      return pathError('check', check.http.path) ?? delaysError(check);
    case CheckInfo_Type.TCP:
      return check.tcp === undefined ? "Expecting 'tcp' to be set for TCP check" : delaysError(check);
    default:
      return "'UNKNOWN' is not a valid check type";
  }
}

function containerError(container: ContainerInfoValid): string | undefined {
  if (container.type !== ContainerInfo_Type.DOCKER) return undefined;
  if (container.docker === undefined) return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  return container.docker.parameters.some(({ key }) => key === 'name')
    ? "Parameter in DockerInfo must not be 'name'"
    : undefined;
}

/** Of a list of resources: each by itself, whole GPUs, one role. */
export function resourcesError(resources: readonly ResourceValid[]): string | undefined {
  for (const resource of resources) {
    const error = resourceError(resource);
    if (error !== undefined) return `Resource '${printResource(resource)}' is invalid: ${error}`;
  }
  const gpus = resources.filter(({ name }) => name === 'gpus');
  return gpus.some(({ scalar }) => toThousandths(scalar?.value ?? 0) % 1000 !== 0)
    ? "Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer"
    : undefined;
}

function taskResourcesError(task: TaskInfoValid): string | undefined {
  if (task.resources.length === 0) return 'Task uses no resources';
  const error = resourcesError(task.resources);
  if (error !== undefined)
    return error.startsWith('Resource ') ? error : `Task uses invalid resources: ${error}`;
  const mixed = isExclusiveMix(task.resources);
  return mixed === undefined ? undefined : `Task mixes revocable and non-revocable resources: ${mixed}`;
}

function limitsError(task: TaskInfoValid, agent: AgentRecord): string | undefined {
  const names = Object.keys(task.limits);
  if (names.length === 0) return undefined;
  if (!agent.capabilities.has('TASK_RESOURCE_LIMITS')) {
    return 'Agent is not capable of handling task resource limits';
  }
  if (names.some((name) => name !== 'cpus' && name !== 'mem')) {
    return "Only cpus and mem may be included in a task's resource limits";
  }
  const requests = Resources.from(task.resources);
  for (const [name, what] of [
    ['cpus', 'CPU'],
    ['mem', 'memory'],
  ] as const) {
    const limit = task.limits[name]?.value;
    if (limit === undefined) continue;
    const request = requests.thousandths(name);
    if (request === 0) return `When a ${what} limit is specified, a ${what} request must also be specified`;
    if (Number.isFinite(limit) && toThousandths(limit) < request) {
      const lower = name === 'cpus' ? 'cpu' : 'memory';
      return `The ${lower} limit must be greater than or equal to the ${lower} request`;
    }
  }
  return undefined;
}

/** Everything but the executor. */
function taskFactsError(task: TaskInfoValid, { framework, agent }: LaunchPlace): string | undefined {
  const id = task.taskId.value;
  const badId = idError(id);
  if (badId !== undefined) return badId;
  if (framework.tasks.has(id)) return `Task has duplicate ID: ${id}`;
  if (framework.unreachableTasks.has(id)) return `Task reuses the ID of an unreachable task: ${id}`;
  if (task.agentId.value !== agent.id) {
    return `Task uses invalid agent ${task.agentId.value} while agent ${agent.id} is expected`;
  }
  if ((task.killPolicy?.gracePeriod?.nanoseconds ?? 0n) < 0n) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  if ((task.maxCompletionTime?.nanoseconds ?? 0n) < 0n) {
    return "Task's `max_completion_time` must be non-negative";
  }
  const check = task.check && checkInfoError(task.check);
  if (check !== undefined) return `Task uses invalid check: ${check}`;
  const health = task.healthCheck && healthCheckError(task.healthCheck);
  if (health !== undefined) return `Task uses invalid health check: ${health}`;
  const resources = taskResourcesError(task);
  if (resources !== undefined) return resources;
  const command = task.command && commandError(task.command);
  if (command !== undefined) return `Task's \`CommandInfo\` is invalid: ${command}`;
  const container = task.container && containerError(task.container);
  if (container !== undefined) return `Task's \`ContainerInfo\` is invalid: ${container}`;
  return limitsError(task, agent);
}

function isSameExecutor(left: ExecutorInfoValid, right: ExecutorInfoValid): boolean {
  return (
    Buffer.compare(encodeMessage(ExecutorInfoSchema, left), encodeMessage(ExecutorInfoSchema, right)) === 0
  );
}

/** Of an executor by itself, whether of a task or of a group. */
function executorError(executor: ExecutorInfoValid, { framework, agent }: LaunchPlace): string | undefined {
  const id = executor.executorId.value;
  const badId = idError(id);
  if (badId !== undefined) return badId;
  const type = isFieldSet(executor, ExecutorInfoSchema.field.type)
    ? executor.type
    : ExecutorInfo_Type.UNKNOWN;
  if (type === ExecutorInfo_Type.DEFAULT && executor.command !== undefined) {
    return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
  }
  if (type === ExecutorInfo_Type.DEFAULT && executor.container !== undefined) {
    if (executor.container.type !== ContainerInfo_Type.MESOS) {
      return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
    }
    if (executor.container.mesos?.image !== undefined) {
      return "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
    }
  }
  if (type === ExecutorInfo_Type.CUSTOM && executor.command === undefined) {
    return "'ExecutorInfo.command' must be set for 'CUSTOM' executor";
  }
  if (executor.frameworkId === undefined) return "'ExecutorInfo.framework_id' must be set";
  if (executor.frameworkId.value !== framework.id) {
    return `ExecutorInfo has an invalid FrameworkID (Actual: ${executor.frameworkId.value} vs Expected: ${framework.id})`;
  }
  const known = agent.executors.get(framework.id)?.get(id)?.info;
  if (known !== undefined && !isSameExecutor(known, executor)) {
    return 'ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.';
  }
  if ((executor.shutdownGracePeriod?.nanoseconds ?? 0n) < 0n) {
    return "ExecutorInfo's 'shutdown_grace_period' must be non-negative";
  }
  const resources = resourcesError(executor.resources);
  if (resources !== undefined) return `Executor uses invalid resources: ${resources}`;
  const mixed = isExclusiveMix(executor.resources);
  if (mixed !== undefined) return `Executor mixes revocable and non-revocable resources: ${mixed}`;
  const command = executor.command && commandError(executor.command);
  if (command !== undefined) return `Executor's \`CommandInfo\` is invalid: ${command}`;
  const container = executor.container && containerError(executor.container);
  return container === undefined ? undefined : `Executor's \`ContainerInfo\` is invalid: ${container}`;
}

function taskExecutorError(task: TaskInfoValid, place: LaunchPlace): string | undefined {
  const { executor } = task;
  if ((executor === undefined) === (task.command === undefined)) {
    return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  }
  let total = Resources.from(task.resources);
  if (executor !== undefined) {
    const error = executorError(executor, place);
    if (error !== undefined) return error;
    const hasType = isFieldSet(executor, ExecutorInfoSchema.field.type);
    if (hasType && executor.type !== ExecutorInfo_Type.CUSTOM) return "'ExecutorInfo.type' must be 'CUSTOM'";
    if (executor.command === undefined) return "'ExecutorInfo.command' must be set";
    const resources = Resources.from(executor.resources);
    if (!resources.filter((kind) => kind.shared).isEmpty) {
      return `Executor resources ${resources} should not contain any shared resources`;
    }
    const isNew = place.agent.executors.get(place.framework.id)?.has(executor.executorId.value) !== true;
    if (isNew) total = total.plus(resources);
  }
  if (!place.offered.contains(total)) {
    return `Total resources ${total} required by task and its executor is more than available ${place.offered}`;
  }
  return undefined;
}

/** Of a task of a LAUNCH. */
export function taskError(task: TaskInfoValid, place: LaunchPlace): string | undefined {
  const error = taskFactsError(task, place) ?? taskExecutorError(task, place);
  if (error !== undefined) return error;
  const { linuxInfo } = task.container ?? {};
  return linuxInfo !== undefined && Object.hasOwn(linuxInfo, 'shareCgroups') && !linuxInfo.shareCgroups
    ? "Only tasks in a task group may have 'share_cgroups' set to 'false'"
    : undefined;
}

function groupTaskError(task: TaskInfoValid, place: LaunchPlace): string | undefined {
  const error = taskFactsError(task, place);
  if (error !== undefined) return error;
  if (task.executor === undefined) return "'TaskInfo.executor' must be set";
  const type = task.healthCheck?.type;
  const joinsNetwork = (task.container?.networkInfos.length ?? 0) > 0;
  if (joinsNetwork && (type === HealthCheck_Type.HTTP || type === HealthCheck_Type.TCP)) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (task.container?.type === ContainerInfo_Type.DOCKER) {
    return 'Docker ContainerInfo is not supported on the task';
  }
  return undefined;
}

const leastCpus = 10;
const leastMem = 32_000;

function groupExecutorError(
  tasks: readonly TaskInfoValid[],
  executor: ExecutorInfoValid,
  place: LaunchPlace,
): string | undefined {
  const error = executorError(executor, place);
  if (error !== undefined) return error;
  if (!isFieldSet(executor, ExecutorInfoSchema.field.type)) return "'ExecutorInfo.type' must be set";
  if (executor.type === ExecutorInfo_Type.UNKNOWN) return 'Unknown executor type';
  if (executor.container?.type === ContainerInfo_Type.DOCKER) {
    return 'Docker ContainerInfo is not supported on the executor';
  }
  const id = executor.executorId.value;
  for (const task of tasks) {
    if (task.executor !== undefined && !isSameExecutor(task.executor, executor)) {
      return `The \`ExecutorInfo\` of task '${task.taskId.value}' is different from executor '${id}'`;
    }
  }
  const resources = Resources.from(executor.resources);
  const shown = (name: string) => {
    const amount = resources.thousandths(name);
    return amount === 0 ? 'None' : String(amount / 1000);
  };
  if (resources.thousandths('cpus') < leastCpus) {
    return `Executor '${id}' uses less CPUs (${shown('cpus')}) than the minimum required (0.01)`;
  }
  if (resources.thousandths('mem') < leastMem) {
    return `Executor '${id}' uses less memory (${shown('mem')}) than the minimum required (32MB)`;
  }
  if (resources.thousandths('disk') === 0) return `Executor '${id}' uses no disk`;
  const isNew = place.agent.executors.get(place.framework.id)?.has(id) !== true;
  const parts = tasks.map((task) => Resources.from(task.resources));
  const total = Resources.sum(isNew ? [...parts, resources] : parts);
  return place.offered.contains(total)
    ? undefined
    : `Total resources ${total} required by task group and its executor are more than available ${place.offered}`;
}

/** Of the tasks of a LAUNCH_GROUP, with their executor in each. */
export function taskGroupError(
  tasks: readonly TaskInfoValid[],
  executor: ExecutorInfoValid,
  place: LaunchPlace,
): string | undefined {
  for (const [index, task] of tasks.entries()) {
    const id = task.taskId.value;
    const error =
      tasks.findIndex((each) => each.taskId.value === id) < index
        ? `Task has duplicate ID: ${id}`
        : groupTaskError(task, place);
    if (error !== undefined) return `Task '${id}' is invalid: ${error}`;
  }
  return groupExecutorError(tasks, executor, place);
}
