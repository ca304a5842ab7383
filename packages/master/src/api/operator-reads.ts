/** What the operator API answers to calls that read. */
import {
  type BlockPool,
  type ExecutorInfoValid,
  HttpRefusal,
  MetricSchema,
  madeWhenRead,
  maintenance,
  makeMessage,
  type master,
  master as masterApi,
  quota,
  Resources,
  type TaskValid,
  Value_Type,
} from '@orchestrator/mesos';
import type { AgentRecord, FrameworkRecord, TaskRecord } from '../core/records.ts';
import { agentMessage, frameworkMessage, sumHoldings } from '../core/views.ts';
import type { LeadingMaster } from '../service/leading-master.ts';
import type { About } from './about.ts';
import { viewMaintenance } from './maintenance-view.ts';
import { viewRoles } from './roles-view.ts';
import type { SharedAnswers } from './shared-answer.ts';
import type { Slicer } from './slicer.ts';
import type { Viewer } from './viewer.ts';

const { Call_Type: type, Response_Type: answer, ResponseSchema } = masterApi;

export interface ReadPlace {
  readonly master: LeadingMaster;
  readonly about: About;
  readonly slicer: Slicer;
  readonly shared: SharedAnswers;
  /** Memory for long answers. */
  readonly blocks: BlockPool;
  /** Who asks, and what they may see. */
  readonly viewer: Viewer;
  /** Every figure, in the order of their names. */
  readonly metrics: () => Iterable<readonly (readonly [string, number])[]>;
  readonly loggingLevel: () => number;
}

function agentsOf({ master, viewer }: ReadPlace) {
  const { agents, recoveredAgents } = master.core.state;
  const { admitted } = master.registrar.registry;
  const recovered = [...recoveredAgents.keys()].flatMap((id) => {
    const info = admitted.get(id)?.info;
    if (info === undefined) return [];
    return viewer.seesAll
      ? [info]
      : [{ ...info, resources: viewer.resources(Resources.from(info.resources)).toMessages() }];
  });
  const message = makeMessage(masterApi.Response_GetAgentsSchema, { recoveredAgents: recovered });
  // Not through makeMessage, here and below: what they lack was looked for when they came, and there are many.
  message.agents = madeWhenRead(agents.values(), (agent) => agentMessage(agent, viewer.resources));
  return message;
}

async function frameworksOf({ master, slicer, viewer }: ReadPlace) {
  const { frameworks, completedFrameworks } = master.core.state;
  const message = makeMessage(masterApi.Response_GetFrameworksSchema, {});
  const add = async (list: Iterable<FrameworkRecord>, to: typeof message.frameworks) => {
    for (const framework of [...viewer.frameworks(list)]) {
      const holdings = await slicer.run(sumHoldings(framework));
      to.push(frameworkMessage(framework, viewer.resources, holdings));
      await slicer.pause();
    }
  };
  await add(frameworks.values(), message.frameworks);
  await add(completedFrameworks.values(), message.completedFrameworks);
  return message;
}

function tasksOf({ master, viewer }: ReadPlace): master.Response_GetTasksValid {
  const { frameworks, completedFrameworks } = master.core.state;
  const message = makeMessage(masterApi.Response_GetTasksSchema, {});
  const add = (framework: FrameworkRecord, from: { values(): Iterable<TaskRecord> }, to: TaskValid[]) => {
    for (const task of viewer.tasks(framework, from.values())) to.push(task.message);
  };
  for (const framework of viewer.frameworks(frameworks.values())) {
    add(framework, framework.tasks, message.tasks);
    add(framework, framework.unreachableTasks, message.unreachableTasks);
    add(framework, framework.completedTasks, message.completedTasks);
  }
  for (const framework of viewer.frameworks(completedFrameworks.values())) {
    add(framework, framework.completedTasks, message.completedTasks);
  }
  return message;
}

function executorsOf({ master, viewer }: ReadPlace): master.Response_GetExecutorsValid {
  const { agents, frameworks } = master.core.state;
  const message = makeMessage(masterApi.Response_GetExecutorsSchema, {});
  const executors: { readonly agent: AgentRecord; readonly info: ExecutorInfoValid }[] = [];
  for (const agent of agents.values()) {
    for (const [frameworkId, byId] of agent.executors) {
      const framework = frameworks.get(frameworkId);
      if (framework !== undefined && !viewer.framework(framework)) continue;
      for (const { info } of viewer.executors(framework, byId.values())) executors.push({ agent, info });
    }
  }
  message.executors = madeWhenRead(executors, ({ agent, info }) =>
    makeMessage(masterApi.Response_GetExecutors_ExecutorSchema, {
      executorInfo: info,
      agentId: { value: agent.id },
    }),
  );
  return message;
}

export async function viewState(place: ReadPlace): Promise<master.Response_GetStateValid> {
  const message = makeMessage(masterApi.Response_GetStateSchema, {});
  message.getTasks = tasksOf(place);
  message.getExecutors = executorsOf(place);
  message.getFrameworks = await frameworksOf(place);
  message.getAgents = agentsOf(place);
  return message;
}

async function rolesOf({ master, slicer, viewer }: ReadPlace) {
  const all = await slicer.run(viewRoles(master.core.state, master.registrar.registry));
  const seen = all.filter(({ name }) => viewer.role(name));
  const roles = seen.map((role) => ({
    name: role.name,
    weight: role.weight,
    frameworks: role.frameworks.map((value) => ({ value })),
    resources: role.allocated.plus(role.offered).allocatedTo(undefined).toUnreserved().toMessages(),
  }));
  return makeMessage(masterApi.Response_GetRolesSchema, { roles });
}

async function operationsOf({ master, slicer, viewer }: ReadPlace) {
  const { agents, frameworks } = master.core.state;
  const message = makeMessage(masterApi.Response_GetOperationsSchema, {});
  for (const { operations } of agents.values()) {
    for (const { message: operation } of operations.values()) {
      const framework = frameworks.get(operation.frameworkId?.value ?? '');
      if (framework === undefined || viewer.framework(framework)) message.operations.push(operation);
    }
    const pause = slicer.pause();
    if (pause !== undefined) await pause;
  }
  return message;
}

export function quotaStatus({ master, viewer }: ReadPlace): quota.QuotaStatusValid {
  const configs = [...master.registrar.registry.settings.quotas.values()].filter(({ role }) =>
    viewer.permits('get_quota', role),
  );
  return makeMessage(quota.QuotaStatusSchema, {
    configs,
    infos: configs.map(({ role, guarantees }) => ({
      role,
      guarantee: Object.entries(guarantees).map(([name, { value }]) => ({
        name,
        type: Value_Type.SCALAR,
        scalar: { value },
      })),
    })),
  });
}

function versionOf({ about }: ReadPlace) {
  const { version, buildDate, buildTimeMs } = about.version;
  return { version, buildDate, buildTime: buildTimeMs / 1000, buildUser: '' };
}

/** By the names of the roles. */
export function weightsOf({ master, viewer }: ReadPlace): [role: string, weight: number][] {
  const weights = [...master.registrar.registry.settings.weights].filter(([role]) => viewer.role(role));
  return weights.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** The windows with the machines that may be seen. */
export function scheduleOf({ master, viewer }: ReadPlace): maintenance.ScheduleValid | undefined {
  const { schedule } = master.registrar.registry.settings.maintenance;
  return viewer.permits('get_maintenance_schedule') ? schedule : undefined;
}

const noStatus = makeMessage(maintenance.ClusterStatusSchema, {});

export const maintenanceStatusOf = ({ master, viewer }: ReadPlace): maintenance.ClusterStatusValid =>
  viewer.permits('get_maintenance_status') ? viewMaintenance(master.core.state) : noStatus;

async function metricsOf({ metrics, slicer }: ReadPlace): Promise<master.Response_GetMetricsValid> {
  const message = makeMessage(masterApi.Response_GetMetricsSchema, {});
  for (const batch of metrics()) {
    for (const [name, value] of batch) message.metrics.push(makeMessage(MetricSchema, { name, value }));
    await slicer.pause();
  }
  return message;
}

type Init = Parameters<typeof makeMessage<typeof ResponseSchema>>[1];

function smallInit(place: ReadPlace, call: master.CallValid): Init | undefined {
  const { master, about, viewer } = place;
  switch (call.type) {
    case type.GET_HEALTH:
      return { type: answer.GET_HEALTH, getHealth: { healthy: true } };
    case type.GET_FLAGS: {
      if (!viewer.permits('view_flags')) throw new HttpRefusal(403, '');
      const flags = Object.entries(about.flags).map(([name, value]) => ({ name, value }));
      return { type: answer.GET_FLAGS, getFlags: { flags } };
    }
    case type.GET_VERSION:
      return { type: answer.GET_VERSION, getVersion: { versionInfo: versionOf(place) } };
    case type.GET_LOGGING_LEVEL:
      return { type: answer.GET_LOGGING_LEVEL, getLoggingLevel: { level: place.loggingLevel() } };
    case type.GET_WEIGHTS: {
      const weightInfos = weightsOf(place).map(([role, weight]) => ({ role, weight }));
      return {
        type: answer.GET_WEIGHTS,
        ...(weightInfos.length === 0 ? {} : { getWeights: { weightInfos } }),
      };
    }
    case type.GET_MASTER: {
      const startTime = about.startedAtMs / 1000;
      const electedTime = master.electedAtMs / 1000;
      return { type: answer.GET_MASTER, getMaster: { masterInfo: about.info, startTime, electedTime } };
    }
    case type.GET_MAINTENANCE_STATUS: {
      const status = maintenanceStatusOf(place);
      return { type: answer.GET_MAINTENANCE_STATUS, getMaintenanceStatus: { status } };
    }
    case type.GET_MAINTENANCE_SCHEDULE: {
      const schedule = scheduleOf(place) ?? {};
      return { type: answer.GET_MAINTENANCE_SCHEDULE, getMaintenanceSchedule: { schedule } };
    }
    case type.GET_QUOTA:
      return { type: answer.GET_QUOTA, getQuota: { status: quotaStatus(place) } };
    default:
      return undefined;
  }
}

/** An answer that is small; undefined for other calls. @throws HttpRefusal */
export function smallAnswer(place: ReadPlace, call: master.CallValid): master.ResponseValid | undefined {
  const init = smallInit(place, call);
  return init && makeMessage(ResponseSchema, init);
}

type LargeFields = Partial<master.ResponseValid>;

const large: Partial<Record<master.Call_Type, (place: ReadPlace) => LargeFields | Promise<LargeFields>>> = {
  [type.GET_STATE]: async (place) => ({ type: answer.GET_STATE, getState: await viewState(place) }),
  [type.GET_AGENTS]: (place) => ({ type: answer.GET_AGENTS, getAgents: agentsOf(place) }),
  [type.GET_EXECUTORS]: (place) => ({ type: answer.GET_EXECUTORS, getExecutors: executorsOf(place) }),
  [type.GET_FRAMEWORKS]: async (place) => ({
    type: answer.GET_FRAMEWORKS,
    getFrameworks: await frameworksOf(place),
  }),
  [type.GET_TASKS]: (place) => ({ type: answer.GET_TASKS, getTasks: tasksOf(place) }),
  [type.GET_ROLES]: async (place) => ({ type: answer.GET_ROLES, getRoles: await rolesOf(place) }),
  [type.GET_OPERATIONS]: async (place) => ({
    type: answer.GET_OPERATIONS,
    getOperations: await operationsOf(place),
  }),
  [type.GET_METRICS]: async (place) => ({ type: answer.GET_METRICS, getMetrics: await metricsOf(place) }),
};

type MakeAnswer = (place: ReadPlace) => Promise<master.ResponseValid>;

/**
 * Makes an answer that grows with the cluster, with turns for others; it is not looked through for what it lacks. Undefined
 * for other calls.
 */
export function largeAnswer(call: master.CallValid): MakeAnswer | undefined {
  const fields = large[call.type];
  return fields && (async (place) => Object.assign(makeMessage(ResponseSchema, {}), await fields(place)));
}
