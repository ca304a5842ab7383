/** Agents, frameworks and tasks as the endpoints from before v1 show them. */
import {
  type AttributeValid,
  ContainerInfoSchema,
  ContainerStatusSchema,
  DiscoveryInfoSchema,
  DrainInfoSchema,
  double,
  doubleText,
  ExecutorInfoSchema,
  formatAmount,
  formatThousandths,
  HealthCheckSchema,
  type Json,
  jsonText,
  LabelsSchema,
  OfferSchema,
  RawJson,
  ResourceSchema,
  type Resources,
  scheduler,
  TaskState,
  type TaskStatusValid,
  type TaskValid,
  Value_Type,
  writeJson,
} from '@orchestrator/mesos';
import type { AgentRecord, FrameworkRecord, OfferRecord, TaskRecord } from '../core/records.ts';
import { allocatedOf, type FrameworkHoldings, offeredOf } from '../core/views.ts';
import type { Viewer } from './viewer.ts';

const stateNames = new Map(Object.entries(TaskState).map(([name, value]) => [value, name]));
const stateName = (state: TaskState) => stateNames.get(state) ?? 'TASK_UNKNOWN';

type Schema = Parameters<typeof writeJson>[0];

const v0 = (schema: Schema, message: Parameters<typeof writeJson>[1]) =>
  new RawJson(writeJson(schema, message, { names: 'v0' }));

/** What everybody looks for is always there. */
const alwaysShown = ['disk', 'mem', 'gpus', 'cpus'] as const;

/** Ranges and sets of a name as Mesos prints them, whoever they are reserved for. */
function rangesText(resources: Resources, name: string): string {
  const parts = [...resources].filter(({ kind }) => kind.name === name);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return formatAmount(only);
  const part = resources.filter((kind) => kind.name === name);
  return String(part.allocatedTo(undefined).toUnreserved()).slice(name.length + 1);
}

/** Scalars as numbers, ranges and sets as text. Written at once: there are some of these for each agent and each task. */
export function resourcesJson(resources: Resources): RawJson {
  const sums = [0, 0, 0, 0];
  const others = new Map<string, number>();
  const printed = new Map<string, string>();
  for (const { kind, thousandths } of resources) {
    const { name, type, revocable } = kind;
    const index = revocable ? -1 : alwaysShown.indexOf(name as (typeof alwaysShown)[number]);
    if (type !== 'scalar') printed.set(name, rangesText(resources, name));
    else if (index !== -1) sums[index] = (sums[index] ?? 0) + thousandths;
    else {
      const key = revocable ? `${name}_revocable` : name;
      others.set(key, (others.get(key) ?? 0) + thousandths);
    }
  }
  const [disk = 0, mem = 0, gpus = 0, cpus = 0] = sums;
  let text = `{"disk":${amountText(disk)},"mem":${amountText(mem)},"gpus":${amountText(gpus)},"cpus":${amountText(cpus)}`;
  for (const [name, thousandths] of others) text += `,${JSON.stringify(name)}:${amountText(thousandths)}`;
  for (const [name, amount] of printed) text += `,${JSON.stringify(name)}:${JSON.stringify(amount)}`;
  return new RawJson(`${text}}`);
}

const amountText = (thousandths: number) => doubleText(thousandths / 1000);

function resourcesFull(resources: Resources): Json {
  return resources.toMessages('both').map((message) => v0(ResourceSchema, message));
}

function attributesJson(attributes: readonly AttributeValid[]): Json {
  const json: Record<string, Json> = {};
  for (const { name, type, scalar, ranges, set, text } of attributes) {
    if (type === Value_Type.SCALAR) json[name] = double(scalar?.value ?? 0);
    else if (type === Value_Type.TEXT) json[name] = text?.value ?? '';
    else if (type === Value_Type.SET) json[name] = `{${(set?.item ?? []).join(', ')}}`;
    else json[name] = `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
  }
  return json;
}

const seconds = (ms: number) => double(ms / 1000);

function reservedJson(resources: Resources, viewer: Viewer, show: (part: Resources) => Json): Json {
  const roles = new Set<string>();
  for (const { kind } of resources) {
    const role = kind.reservations.at(-1)?.role;
    if (role !== undefined && viewer.role(role)) roles.add(role);
  }
  const json: Record<string, Json> = {};
  for (const role of roles) {
    json[role] = show(resources.filter((kind) => kind.reservations.at(-1)?.role === role));
  }
  return json;
}

const unreserved = (resources: Resources) => resources.filter((kind) => kind.reservations.length === 0);

function inFull(
  [total, used, offered]: readonly [Resources, Resources, Resources],
  viewer: Viewer,
): Record<string, Json> {
  return {
    reserved_resources_full: reservedJson(viewer.resources(total), viewer, resourcesFull),
    unreserved_resources_full: resourcesFull(viewer.resources(unreserved(total))),
    used_resources_full: resourcesFull(viewer.resources(used)),
    offered_resources_full: resourcesFull(viewer.resources(offered)),
  };
}

/** `full`: with every resource by itself, as `/slaves` has it and `/state` does not. */
export function agentJson(
  agent: AgentRecord,
  options: { readonly full: boolean; readonly viewer: Viewer },
): Record<string, Json | undefined> {
  const { info, total, drainInfo, registeredAtMs, reregisteredAtMs } = agent;
  const used = allocatedOf(agent);
  const offered = offeredOf(agent.offers);
  return {
    id: agent.id,
    hostname: info.hostname,
    port: info.port,
    attributes: attributesJson(info.attributes),
    pid: agent.pid,
    registered_time: seconds(registeredAtMs),
    reregistered_time: reregisteredAtMs === undefined ? undefined : seconds(reregisteredAtMs),
    resources: resourcesJson(total),
    used_resources: resourcesJson(used),
    offered_resources: resourcesJson(offered),
    reserved_resources: reservedJson(total, options.viewer, resourcesJson),
    unreserved_resources: resourcesJson(unreserved(total)),
    active: agent.active,
    deactivated: agent.deactivated,
    drain_info: drainInfo === undefined ? undefined : v0(DrainInfoSchema, drainInfo),
    estimated_drain_start_time_seconds:
      agent.drainStartedAtMs === undefined ? undefined : seconds(agent.drainStartedAtMs),
    version: agent.version,
    capabilities: [...agent.capabilities],
    ...(options.full ? inFull([total, used, offered], options.viewer) : {}),
  };
}

/** All that its text is made of: none of it is ever changed in place. */
const partsOf = (agent: AgentRecord): readonly unknown[] => [
  ...[agent.info, agent.pid, agent.version, agent.capabilities, agent.total, agent.reregisteredAtMs],
  ...[agent.active, agent.deactivated, agent.drainInfo, agent.drainStartedAtMs],
  ...[agent.offers.size, ...agent.offers, ...agent.used.values()],
];

/** As `/state` has it. Most agents are as they were when somebody looked last, and their texts most of the answer. */
export function agentText(agent: AgentRecord, viewer: Viewer): RawJson {
  if (!viewer.seesAll) return new RawJson(jsonText(agentJson(agent, { full: false, viewer })));
  const of = partsOf(agent);
  const { shownAs } = agent;
  if (shownAs?.of.length === of.length && of.every((part, index) => part === shownAs.of[index])) {
    return new RawJson(shownAs.text);
  }
  const text = jsonText(agentJson(agent, { full: false, viewer }));
  agent.shownAs = { of, text };
  return new RawJson(text);
}

function statusJson(status: TaskStatusValid): Json {
  return {
    state: stateName(status.state),
    timestamp: double(status.timestamp),
    labels: status.labels === undefined ? undefined : v0ListOf(LabelsSchema, status.labels, 'labels'),
    container_status:
      status.containerStatus === undefined ? undefined : v0(ContainerStatusSchema, status.containerStatus),
    healthy: Object.hasOwn(status, 'healthy') ? status.healthy : undefined,
  };
}

/** The list within a message that is nothing else: labels are shown without their wrapping. */
function v0ListOf(schema: Schema, message: Parameters<typeof writeJson>[1], name: string): Json {
  const text = writeJson(schema, message, { names: 'v0' });
  const prefix = `{"${name}":`;
  return text.startsWith(prefix) ? new RawJson(text.slice(prefix.length, -1)) : [];
}

function limitsJson(limits: TaskValid['limits']): Json | undefined {
  const entries = Object.entries(limits);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, { value }]) => [name, Number.isFinite(value) ? double(value) : 'Infinity']),
  );
}

export function taskJson({ message, resources }: TaskRecord): Json {
  const { labels, discovery, container, healthCheck, statuses } = message;
  const [first] = resources;
  return {
    id: message.taskId.value,
    name: message.name,
    framework_id: message.frameworkId.value,
    executor_id: message.executorId?.value ?? '',
    slave_id: message.agentId.value,
    state: stateName(message.state),
    resources: resourcesJson(resources),
    limits: limitsJson(message.limits),
    role: first?.kind.allocatedTo ?? '*',
    statuses: statuses.map(statusJson),
    user: message.user === '' ? undefined : message.user,
    labels: labels === undefined ? undefined : v0ListOf(LabelsSchema, labels, 'labels'),
    discovery: discovery === undefined ? undefined : v0(DiscoveryInfoSchema, discovery),
    container: container === undefined ? undefined : v0(ContainerInfoSchema, container),
    health_check: healthCheck === undefined ? undefined : v0(HealthCheckSchema, healthCheck),
  };
}

/** What comes before its tasks, offers and executors, which may be many; `frameworkTail` comes after them. */
export function frameworkHead(
  framework: FrameworkRecord,
  { used, offered }: FrameworkHoldings,
): Record<string, Json | undefined> {
  const { info, connection, registeredAtMs, reregisteredAtMs, unregisteredAtMs } = framework;
  const multiRole = framework.capabilities.has('MULTI_ROLE');
  return {
    id: framework.id,
    name: info.name,
    pid: connection?.kind === 'driver' ? connection.pid : undefined,
    used_resources: resourcesJson(used),
    offered_resources: resourcesJson(offered),
    capabilities: [...framework.capabilities],
    hostname: info.hostname,
    webui_url: info.webuiUrl,
    active: framework.active,
    connected: connection !== undefined,
    recovered: framework.recovered,
    user: info.user,
    failover_timeout: double(info.failoverTimeout),
    checkpoint: info.checkpoint,
    registered_time: seconds(registeredAtMs ?? 0),
    unregistered_time: seconds(unregisteredAtMs ?? 0),
    reregistered_time: reregisteredAtMs === undefined ? undefined : seconds(reregisteredAtMs),
    principal: Object.hasOwn(info, 'principal') ? info.principal : undefined,
    resources: resourcesJson(used.plus(offered)),
    role: multiRole ? undefined : info.role,
    roles: multiRole ? [...info.roles] : undefined,
  };
}

export function offerJson(offer: OfferRecord): RawJson {
  offer.shownAs ??= writeJson(OfferSchema, offer.message, { names: 'v0' });
  return new RawJson(offer.shownAs);
}

export function* executorsOf(
  framework: FrameworkRecord,
  agents: ReadonlyMap<string, AgentRecord>,
  viewer: Viewer,
): Generator<Json> {
  for (const agentId of [...framework.used.keys()]) {
    const own = agents.get(agentId)?.executors.get(framework.id)?.values() ?? [];
    for (const { info: executor } of viewer.executors(framework, own)) {
      const text = writeJson(ExecutorInfoSchema, executor, { names: 'v0' });
      yield new RawJson(`${text.slice(0, -1)},"slave_id":${JSON.stringify(agentId)}}`);
    }
  }
}

export function frameworkTail({ info, offerConstraints }: FrameworkRecord): Record<string, Json | undefined> {
  return {
    labels: info.labels === undefined ? undefined : v0ListOf(LabelsSchema, info.labels, 'labels'),
    offer_constraints:
      offerConstraints === undefined ? undefined : v0(scheduler.OfferConstraintsSchema, offerConstraints),
  };
}

/** Quantities by name, in the order of names. */
export function quantitiesJson(resources: Resources): Json {
  const json: Record<string, Json> = {};
  const sums = new Map<string, number>();
  for (const { kind, thousandths, ranges, items } of resources) {
    let amount = thousandths + 1000 * items.length;
    for (let index = 0; index + 1 < ranges.length; index += 2) {
      amount += 1000 * ((ranges[index + 1] ?? 0) - (ranges[index] ?? 0) + 1);
    }
    sums.set(kind.name, (sums.get(kind.name) ?? 0) + amount);
  }
  for (const [name, amount] of [...sums].sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (amount > 0) json[name] = double(Number(formatThousandths(amount)));
  }
  return json;
}
