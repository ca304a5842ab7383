/** The read endpoints from before v1. */
import {
  double,
  type Exchange,
  type Json,
  jsonText,
  maintenance,
  quota,
  sendChunks,
  sendJson,
  TaskState,
  registry as wire,
  writeJson,
} from '@orchestrator/mesos';
import type { FrameworkRecord, TaskRecord } from '../core/records.ts';
import { sumHoldings } from '../core/views.ts';
import { registryMessage } from '../registrar/storage.ts';
import type { About } from './about.ts';
import {
  agentJson,
  agentText,
  executorsOf,
  frameworkHead,
  frameworkTail,
  offerJson,
  quantitiesJson,
  taskJson,
} from './legacy-views.ts';
import { maintenanceStatusOf, quotaStatus, type ReadPlace, scheduleOf, weightsOf } from './operator-reads.ts';
import { type RoleView, viewRoles } from './roles-view.ts';

const toJson = 'application/json';

function buildJson({ version }: About): Record<string, Json> {
  return {
    build_date: version.buildDate,
    build_time: double(version.buildTimeMs / 1000),
    build_user: '',
    version: version.version,
  };
}

export const versionText = (about: About) => jsonText(buildJson(about));
export const flagsText = (about: About) => jsonText({ flags: about.flags });

/** `,"tasks":[…]` and its like, in pieces; `start` begins it. What was written before is given out as it is. */
function* listChunks<Item>(
  name: string,
  items: Iterable<Item>,
  json: (item: Item) => Json,
  start = ',',
): Generator<string> {
  let before = `${start}"${name}":[`;
  let empty = true;
  for (const item of items) {
    yield before;
    yield jsonText(json(item));
    before = ',';
    empty = false;
  }
  yield empty ? `${before}]` : ']';
}

const inner = (object: Record<string, Json | undefined>) => jsonText(object).slice(1, -1);

function* frameworkChunks(framework: FrameworkRecord, { master, viewer }: ReadPlace): Generator<string> {
  const tasks = (list: { values(): Iterable<TaskRecord> }) => [...viewer.tasks(framework, list.values())];
  yield `{${inner(frameworkHead(framework, yield* withoutText(sumHoldings(framework))))}`;
  yield* listChunks('tasks', tasks(framework.tasks), taskJson);
  yield* listChunks('unreachable_tasks', tasks(framework.unreachableTasks), taskJson);
  yield* listChunks('completed_tasks', tasks(framework.completedTasks), taskJson);
  yield* listChunks('offers', [...framework.offers], offerJson);
  yield* listChunks('executors', executorsOf(framework, master.core.state.agents, viewer), (each) => each);
  yield `${inner(frameworkTail(framework)).replace(/^(?=.)/, ',')}}`;
}

/** Work that comes to no text, with empty pieces where it yields, for others to have their turn. */
function* withoutText<Result>(work: Generator<undefined, Result>): Generator<'', Result> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value;
    yield '';
  }
}

function* frameworksChunks(
  name: string,
  frameworks: readonly FrameworkRecord[],
  place: ReadPlace,
  start = ',',
): Generator<string> {
  yield `${start}"${name}":[`;
  for (const [index, framework] of frameworks.entries()) {
    if (index > 0) yield ',';
    yield* frameworkChunks(framework, place);
  }
  yield ']';
}

function stateHead({ master, about, viewer }: ReadPlace): Record<string, Json | undefined> {
  const { info, startedAtMs, cluster, flags } = about;
  const { agents, unreachableAgents } = master.core.state;
  const active = [...agents.values()].filter((agent) => agent.active).length;
  const { version, ...build } = buildJson(about);
  return {
    version,
    ...build,
    start_time: double(startedAtMs / 1000),
    elected_time: double(master.electedAtMs / 1000),
    id: info.id,
    pid: info.pid,
    hostname: info.hostname,
    capabilities: ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'],
    activated_slaves: double(active),
    deactivated_slaves: double(agents.size - active),
    unreachable_slaves: double(unreachableAgents.size),
    leader: info.pid,
    leader_info: { id: info.id, pid: info.pid, port: info.port, hostname: info.hostname },
    ...(viewer.permits('view_flags') ? { cluster, log_dir: flags.log_dir, flags } : {}),
  };
}

function recoveredAgents({ master }: ReadPlace): Json[] {
  return [...master.core.state.recoveredAgents].map(([id, { hostname }]) => ({ id, hostname }));
}

/** All there is; an empty piece stands for work that came to no text. */
export function* stateChunks(place: ReadPlace): Generator<string> {
  const { agents, frameworks, completedFrameworks } = place.master.core.state;
  const { viewer } = place;
  yield `{${inner(stateHead(place))}`;
  yield* listChunks('slaves', [...agents.values()], (agent) => agentText(agent, viewer));
  yield* listChunks('recovered_slaves', recoveredAgents(place), (each) => each);
  yield* frameworksChunks('frameworks', [...viewer.frameworks(frameworks.values())], place);
  yield* frameworksChunks(
    'completed_frameworks',
    [...viewer.frameworks(completedFrameworks.values())],
    place,
  );
  yield ',"orphan_tasks":[],"unregistered_frameworks":[]}';
}

function sendPieces(exchange: Exchange, place: ReadPlace, pieces: () => Iterable<string>): Promise<void> {
  const { response, request, query, principal = '' } = exchange;
  const callback = query.get('jsonp');
  function* called() {
    yield `${callback}(`;
    yield* pieces();
    yield ');';
  }
  // Who asks is part of it: not everybody may see everything.
  const { chunks, onSent } = place.shared.read(
    `${request.url} ${principal}`,
    callback === null ? pieces : called,
  );
  const contentType = callback === null ? toJson : 'text/javascript';
  return sendChunks(response, contentType, chunks, { turns: place.slicer, onSent });
}

export const sendState = (exchange: Exchange, place: ReadPlace) =>
  sendPieces(exchange, place, () => stateChunks(place));

export function sendAgents(exchange: Exchange, place: ReadPlace): Promise<void> {
  const wanted = exchange.query.get('slave_id');
  const agents = [...place.master.core.state.agents.values()].filter(
    (agent) => wanted === null || agent.id === wanted,
  );
  function* pieces() {
    const { viewer } = place;
    yield* listChunks('slaves', agents, (agent) => agentJson(agent, { full: true, viewer }), '{');
    yield* listChunks('recovered_slaves', wanted === null ? recoveredAgents(place) : [], (each) => each);
    yield '}';
  }
  return sendPieces(exchange, place, pieces);
}

export function sendFrameworks(exchange: Exchange, place: ReadPlace): Promise<void> {
  const wanted = exchange.query.get('framework_id');
  const { frameworks, completedFrameworks } = place.master.core.state;
  const of = (list: Iterable<FrameworkRecord>) =>
    [...place.viewer.frameworks(list)].filter(({ id }) => wanted === null || id === wanted);
  function* pieces() {
    yield* frameworksChunks('frameworks', of(frameworks.values()), place, '{');
    yield* frameworksChunks('completed_frameworks', of(completedFrameworks.values()), place);
    yield ',"unregistered_frameworks":[]}';
  }
  return sendPieces(exchange, place, pieces);
}

const defaultTaskLimit = 100;

function wholeNumber(text: string | null, otherwise: number): number {
  const value = text === null || !/^\d+$/.test(text) ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) ? value : otherwise;
}

const tasksAtOnce = 1024;

/** The first `most` in the order of `compare`, sorted some at a time: yields in between. */
export function* firstTasks(
  lists: Iterable<Iterable<TaskRecord>>,
  compare: (left: TaskRecord, right: TaskRecord) => number,
  most: number,
): Generator<undefined, readonly TaskRecord[]> {
  const first: TaskRecord[] = [];
  const sort = () => {
    first.sort(compare);
    if (first.length > most) first.length = most;
  };
  let looked = 0;
  for (const list of lists) {
    for (const task of list) {
      if (++looked % tasksAtOnce === 0) yield;
      first.push(task);
      if (first.length >= 2 * most + tasksAtOnce) sort();
    }
  }
  sort();
  return first;
}

/** The newest first unless `order=asc`; a hundred unless `limit` says otherwise. */
export function sendTasks(exchange: Exchange, place: ReadPlace): Promise<void> {
  const { query } = exchange;
  const { viewer, master } = place;
  const { frameworks, completedFrameworks } = master.core.state;
  const [frameworkId, taskId] = [query.get('framework_id'), query.get('task_id')];
  const firstAt = ({ message }: TaskRecord) => message.statuses[0]?.timestamp ?? 0;
  const sign = query.get('order') === 'asc' ? 1 : -1;
  const compare = (left: TaskRecord, right: TaskRecord) => sign * (firstAt(left) - firstAt(right));
  const offset = wholeNumber(query.get('offset'), 0);
  const end = offset + wholeNumber(query.get('limit'), defaultTaskLimit);

  /** All at one point in time: a task that ends meanwhile would be in two lists. */
  const lists = () =>
    [...viewer.frameworks([...frameworks.values(), ...completedFrameworks.values()])]
      .filter(({ id }) => frameworkId === null || id === frameworkId)
      .flatMap((framework) =>
        [framework.tasks, framework.unreachableTasks, framework.completedTasks].map((list) =>
          [...viewer.tasks(framework, list.values())].filter(
            (task) => taskId === null || task.taskId === taskId,
          ),
        ),
      );
  function* pieces() {
    const tasks = yield* withoutText(firstTasks(lists(), compare, end));
    yield* listChunks('tasks', tasks.slice(offset), taskJson, '{');
    yield '}';
  }
  return sendPieces(exchange, place, pieces);
}

const summarized = [
  TaskState.TASK_STAGING,
  TaskState.TASK_STARTING,
  TaskState.TASK_RUNNING,
  TaskState.TASK_KILLING,
  TaskState.TASK_FINISHED,
  TaskState.TASK_KILLED,
  TaskState.TASK_FAILED,
  TaskState.TASK_LOST,
  TaskState.TASK_ERROR,
  TaskState.TASK_UNREACHABLE,
] as const;
const stateNames = new Map(Object.entries(TaskState).map(([name, value]) => [value, name]));

function countStates(tasks: Iterable<TaskRecord>): Record<string, Json> {
  const counts = new Map<TaskState, number>();
  for (const { message } of tasks) counts.set(message.state, (counts.get(message.state) ?? 0) + 1);
  return Object.fromEntries(summarized.map((state) => [stateNames.get(state), counts.get(state) ?? 0]));
}

function* summaryChunks(frameworks: readonly FrameworkRecord[]): Generator<string> {
  let before = ',"frameworks":[';
  for (const framework of frameworks) {
    const { tasks, unreachableTasks, completedTasks } = framework;
    yield before;
    yield jsonText({
      ...frameworkHead(framework, yield* withoutText(sumHoldings(framework))),
      ...countStates([...tasks.values(), ...unreachableTasks.values(), ...completedTasks.values()]),
      slave_ids: [...framework.used.keys()],
    });
    before = ',';
  }
  yield frameworks.length === 0 ? `${before}]` : ']';
}

export function sendSummary(exchange: Exchange, place: ReadPlace): Promise<void> {
  const { about, master, viewer } = place;
  const { agents, frameworks } = master.core.state;
  const seen = [...viewer.frameworks(frameworks.values())];
  const isSeen = (id: string) => viewer.seesAll || seen.some((framework) => framework.id === id);
  function* pieces() {
    yield `{"hostname":${JSON.stringify(about.info.hostname)}`;
    if (about.cluster !== undefined) yield `,"cluster":${JSON.stringify(about.cluster)}`;
    yield* listChunks('slaves', [...agents.values()], (agent) => ({
      ...agentJson(agent, { full: false, viewer }),
      ...countStates([...agent.tasks].flatMap(([id, tasks]) => (isSeen(id) ? [...tasks.values()] : []))),
      framework_ids: [...agent.tasks.keys()].filter(isSeen),
    }));
    yield* summaryChunks(seen);
    yield '}';
  }
  return sendPieces(exchange, place, pieces);
}

const amountsJson = (of: quota.QuotaConfigValid['limits'] | undefined) =>
  Object.fromEntries(Object.entries(of ?? {}).map(([name, { value }]) => [name, double(value)]));

const roleJson = (role: RoleView): Json => ({
  name: role.name,
  weight: double(role.weight),
  quota: {
    role: role.name,
    guarantee: amountsJson(role.quota?.guarantees),
    limit: amountsJson(role.quota?.limits),
    consumed: quantitiesJson(
      role.reserved.plus(role.allocated.filter((kind) => kind.reservations.length === 0)),
    ),
  },
  resources: quantitiesJson(role.allocated.plus(role.offered)),
  allocated: quantitiesJson(role.allocated),
  offered: quantitiesJson(role.offered),
  reserved: quantitiesJson(role.reserved),
  frameworks: role.frameworks,
});

export function sendRoles(exchange: Exchange, place: ReadPlace): Promise<void> {
  const { master, viewer } = place;
  function* pieces() {
    const all = yield* withoutText(viewRoles(master.core.state, master.registrar.registry));
    const seen = all.filter(({ name }) => viewer.role(name));
    yield* listChunks('roles', seen, roleJson, '{');
    yield '}';
  }
  return sendPieces(exchange, place, pieces);
}

export function sendWeights(exchange: Exchange, place: ReadPlace): void {
  const weights = weightsOf(place).map(([role, weight]) => ({ role, weight: double(weight) }));
  sendJson(exchange, jsonText(weights));
}

export function sendQuota(exchange: Exchange, place: ReadPlace): void {
  sendJson(exchange, writeJson(quota.QuotaStatusSchema, quotaStatus(place), { names: 'v0' }));
}

export function sendSchedule(exchange: Exchange, place: ReadPlace): void {
  const schedule = scheduleOf(place);
  const text =
    schedule === undefined ? '{}' : writeJson(maintenance.ScheduleSchema, schedule, { names: 'v0' });
  sendJson(exchange, text);
}

export function sendMaintenanceStatus(exchange: Exchange, place: ReadPlace): void {
  const status = maintenanceStatusOf(place);
  sendJson(exchange, writeJson(maintenance.ClusterStatusSchema, status, { names: 'v0' }));
}

export function sendRegistry(exchange: Exchange, { master, about }: ReadPlace): void {
  const message = registryMessage(master.registrar.registry, about.info);
  sendJson(exchange, writeJson(wire.RegistrySchema, message, { names: 'v0', sorted: true }));
}
