/** What the operator API answers to calls that read. */
import { makeMessage, type master, master as masterApi, quota, Value_Type } from '@orchestrator/mesos';
import { agentMessage, frameworkMessage } from '../core/views.ts';
import type { LeadingMaster } from '../service/leading-master.ts';
import type { About } from './about.ts';
import type { Slicer } from './exchange.ts';
import { viewMaintenance } from './maintenance-view.ts';
import { viewRoles } from './roles-view.ts';

const { Call_Type: type, Response_Type: answer, ResponseSchema } = masterApi;

export interface ReadPlace {
  readonly master: LeadingMaster;
  readonly about: About;
  readonly slicer: Slicer;
  readonly metrics: () => ReadonlyMap<string, number>;
  readonly loggingLevel: () => number;
}

/** Maps with turns for others in between: a cluster has tens of thousands of these. */
async function mapSliced<From, To>(
  items: Iterable<From>,
  map: (item: From) => To,
  slicer: Slicer,
): Promise<To[]> {
  const results: To[] = [];
  for (const item of [...items]) {
    results.push(map(item));
    const pause = slicer.pause();
    if (pause !== undefined) await pause;
  }
  return results;
}

async function agentsOf({ master, slicer }: ReadPlace) {
  const { agents, recoveredAgents } = master.core.state;
  const { admitted } = master.registrar.registry;
  const recovered = [...recoveredAgents.keys()].flatMap((id) => admitted.get(id)?.info ?? []);
  return makeMessage(masterApi.Response_GetAgentsSchema, {
    agents: await mapSliced(agents.values(), agentMessage, slicer),
    recoveredAgents: recovered,
  });
}

async function frameworksOf({ master, slicer }: ReadPlace) {
  const { frameworks, completedFrameworks } = master.core.state;
  return makeMessage(masterApi.Response_GetFrameworksSchema, {
    frameworks: await mapSliced(frameworks.values(), frameworkMessage, slicer),
    completedFrameworks: await mapSliced(completedFrameworks.values(), frameworkMessage, slicer),
  });
}

function tasksOf({ master }: ReadPlace): master.Response_GetTasksValid {
  const { frameworks, completedFrameworks } = master.core.state;
  // Not through makeMessage: what the tasks lack was looked for when they came, and there are many.
  const message = makeMessage(masterApi.Response_GetTasksSchema, {});
  for (const framework of frameworks.values()) {
    for (const task of framework.tasks.values()) message.tasks.push(task.message);
    for (const task of framework.unreachableTasks.values()) message.unreachableTasks.push(task.message);
    for (const task of framework.completedTasks.values()) message.completedTasks.push(task.message);
  }
  for (const framework of completedFrameworks.values()) {
    for (const task of framework.completedTasks.values()) message.completedTasks.push(task.message);
  }
  return message;
}

function executorsOf({ master }: ReadPlace) {
  const executors = [...master.core.state.agents.values()].flatMap((agent) =>
    [...agent.executors.values()].flatMap((byId) =>
      [...byId.values()].map(({ info }) => ({ executorInfo: info, agentId: { value: agent.id } })),
    ),
  );
  return makeMessage(masterApi.Response_GetExecutorsSchema, { executors });
}

export async function viewState(place: ReadPlace): Promise<master.Response_GetStateValid> {
  const message = makeMessage(masterApi.Response_GetStateSchema, {});
  message.getTasks = tasksOf(place);
  message.getExecutors = executorsOf(place);
  message.getFrameworks = await frameworksOf(place);
  message.getAgents = await agentsOf(place);
  return message;
}

function rolesOf({ master }: ReadPlace) {
  const roles = viewRoles(master.core.state, master.registrar.registry).map((role) => ({
    name: role.name,
    weight: role.weight,
    frameworks: role.frameworks.map((value) => ({ value })),
    resources: role.allocated.plus(role.offered).allocatedTo(undefined).toUnreserved().toMessages(),
  }));
  return makeMessage(masterApi.Response_GetRolesSchema, { roles });
}

export function quotaStatus(master: LeadingMaster): quota.QuotaStatusValid {
  const configs = [...master.registrar.registry.settings.quotas.values()];
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

type Init = Parameters<typeof makeMessage<typeof ResponseSchema>>[1];

/** Answers that are small. */
function smallAnswer(place: ReadPlace, call: master.CallValid): Init | undefined {
  const { master, about } = place;
  switch (call.type) {
    case type.GET_HEALTH:
      return { type: answer.GET_HEALTH, getHealth: { healthy: true } };
    case type.GET_FLAGS: {
      const flags = Object.entries(about.flags).map(([name, value]) => ({ name, value }));
      return { type: answer.GET_FLAGS, getFlags: { flags } };
    }
    case type.GET_VERSION:
      return { type: answer.GET_VERSION, getVersion: { versionInfo: versionOf(place) } };
    case type.GET_METRICS: {
      const metrics = [...place.metrics()].map(([name, value]) => ({ name, value }));
      return { type: answer.GET_METRICS, getMetrics: { metrics } };
    }
    case type.GET_LOGGING_LEVEL:
      return { type: answer.GET_LOGGING_LEVEL, getLoggingLevel: { level: place.loggingLevel() } };
    case type.GET_WEIGHTS: {
      const weightInfos = [...master.registrar.registry.settings.weights]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([role, weight]) => ({ role, weight }));
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
      const status = viewMaintenance(master.core.state);
      return { type: answer.GET_MAINTENANCE_STATUS, getMaintenanceStatus: { status } };
    }
    case type.GET_MAINTENANCE_SCHEDULE: {
      const { schedule = {} } = master.registrar.registry.settings.maintenance;
      return { type: answer.GET_MAINTENANCE_SCHEDULE, getMaintenanceSchedule: { schedule } };
    }
    case type.GET_QUOTA:
      return { type: answer.GET_QUOTA, getQuota: { status: quotaStatus(master) } };
    case type.GET_ROLES:
      return { type: answer.GET_ROLES, getRoles: rolesOf(place) };
    case type.GET_EXECUTORS:
      return { type: answer.GET_EXECUTORS, getExecutors: executorsOf(place) };
    case type.GET_OPERATIONS: {
      const operations = [...master.core.state.agents.values()].flatMap((agent) =>
        [...agent.operations.values()].map(({ message }) => message),
      );
      return { type: answer.GET_OPERATIONS, getOperations: { operations } };
    }
    default:
      return undefined;
  }
}

/** The answer; undefined for a call that is none of these. */
export async function readAnswer(
  place: ReadPlace,
  call: master.CallValid,
): Promise<master.ResponseValid | undefined> {
  const small = smallAnswer(place, call);
  if (small !== undefined) return makeMessage(ResponseSchema, small);
  const response = makeMessage(ResponseSchema, {});
  switch (call.type) {
    case type.GET_STATE:
      response.getState = await viewState(place);
      response.type = answer.GET_STATE;
      return response;
    case type.GET_AGENTS:
      response.getAgents = await agentsOf(place);
      response.type = answer.GET_AGENTS;
      return response;
    case type.GET_FRAMEWORKS:
      response.getFrameworks = await frameworksOf(place);
      response.type = answer.GET_FRAMEWORKS;
      return response;
    case type.GET_TASKS:
      response.getTasks = tasksOf(place);
      response.type = answer.GET_TASKS;
      return response;
    default:
      return undefined;
  }
}
