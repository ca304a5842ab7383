/** From what is known of the cluster to what the API shows of it. */
import {
  DrainState,
  FrameworkInfo_Capability_Type,
  type FrameworkInfo_CapabilityValid,
  nameOfEnum,
  parseUpid,
} from '@orchestrator/mesos';
import type {
  ClusterAgent,
  ClusterFramework,
  ClusterRole,
  ClusterTask,
  ClusterTaskDetail,
} from '../schema/index.ts';
import { amountsOf, toQuantities } from './amounts.ts';
import type { ClusterState } from './state.ts';
import type { TaskRecord } from './task-record.ts';

const nanosPerMs = 1_000_000n;
const timeMs = (time: { readonly nanoseconds: bigint } | undefined) =>
  time === undefined ? 0 : Number(time.nanoseconds / nanosPerMs);

type Agent = NonNullable<ReturnType<ClusterState['agents']['get']>>;

/** Where its API is: what it has told the master, which need not be its name. */
function addressOf({ pid, agentInfo }: Agent): string {
  const upid = pid === '' ? undefined : parseUpid(pid);
  return upid === undefined ? `${agentInfo.hostname}:${agentInfo.port}` : `${upid.host}:${upid.port}`;
}

function stateOf({ drainInfo, deactivated, active }: Agent): ClusterAgent['state'] {
  if (drainInfo?.state === DrainState.DRAINED) return 'drained';
  if (drainInfo !== undefined) return 'draining';
  if (deactivated) return 'deactivated';
  return active ? 'active' : 'disconnected';
}

function attributeText({ type: _, name: __, ...value }: Agent['agentInfo']['attributes'][number]): string {
  const { text, scalar, ranges, set } = value;
  if (text !== undefined) return text.value;
  if (scalar !== undefined) return String(scalar.value);
  if (set !== undefined) return `{${set.item.join(',')}}`;
  return `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(',')}]`;
}

export function showAgent(state: ClusterState, id: string): ClusterAgent | undefined {
  const agent = state.agents.get(id);
  if (agent === undefined) return undefined;
  const { agentInfo, version, registeredTime, reregisteredTime, totalResources, offeredResources } = agent;
  const use = state.agentUse(id);
  const attributes = agentInfo.attributes.map((each): [string, string] => [each.name, attributeText(each)]);
  const total = totalResources.length > 0 ? totalResources : agentInfo.resources;
  return {
    ...{ id, hostName: agentInfo.hostname, address: addressOf(agent), version, state: stateOf(agent) },
    maintenance: state.maintenance.get(agentInfo.hostname) ?? 'none',
    registeredMs: timeMs(reregisteredTime) || timeMs(registeredTime),
    attributes: Object.fromEntries(attributes),
    total: toQuantities(amountsOf(total)),
    allocated: toQuantities(use.amounts),
    offered: toQuantities(amountsOf(offeredResources)),
    allocatedByRole: Object.fromEntries(
      Array.from(use.byRole, ([role, amounts]) => [role, toQuantities(amounts)]),
    ),
    tasks: use.tasks,
  };
}

const capability = ({ type }: FrameworkInfo_CapabilityValid) =>
  nameOfEnum(FrameworkInfo_Capability_Type, type);

export function showFramework(state: ClusterState, id: string): ClusterFramework | undefined {
  const framework = state.frameworks.get(id);
  if (framework === undefined) return undefined;
  const { frameworkInfo: info, active, connected, offers, offeredResources } = framework;
  const { registeredTime, reregisteredTime } = framework;
  const use = state.frameworkUse(id);
  const offered = offers.length > 0 ? offers.flatMap(({ resources }) => resources) : offeredResources;
  return {
    ...{ id, name: info.name, principal: info.principal, user: info.user, hostName: info.hostname },
    webUiUrl: /^https?:\/\//.test(info.webuiUrl) ? info.webuiUrl : '',
    roles: info.roles.length > 0 ? info.roles : [info.role],
    ...{ active, connected },
    registeredMs: timeMs(reregisteredTime) || timeMs(registeredTime),
    capabilities: info.capabilities.map(capability),
    allocated: toQuantities(use.amounts),
    offered: toQuantities(amountsOf(offered)),
    ...{ offers: offers.length, tasks: use.tasks },
  };
}

export function showRole(state: ClusterState, name: string): ClusterRole | undefined {
  if (!state.roleNames().has(name)) return undefined;
  const facts = state.roles.get(name);
  const frameworks = [...state.frameworks].filter(
    ([
      ,
      {
        frameworkInfo: { roles, role },
      },
    ]) => (roles.length > 0 ? roles.includes(name) : role === name),
  );
  return {
    ...{ name, weight: facts?.weight ?? 1, frameworks: frameworks.map(([id]) => id) },
    allocated: toQuantities(state.roleUse(name).amounts),
    guarantees: toQuantities(facts?.guarantees ?? new Map()),
    limits: toQuantities(facts?.limits ?? new Map()),
  };
}

export function showTask(state: ClusterState, task: TaskRecord): ClusterTask {
  const { id, name, frameworkId, agentId, role, resources, executorId, containerId, labels, healthy } = task;
  const last = task.history.at(-1);
  return {
    ...{ id, name, frameworkId, agentId, role, executorId, labels, healthy, state: task.state },
    frameworkName: state.frameworks.get(frameworkId)?.frameworkInfo.name ?? '',
    hostName: state.agents.get(agentId)?.agentInfo.hostname ?? '',
    changedMs: last?.atMs ?? 0,
    resources: toQuantities(resources),
    ...(containerId === '' ? {} : { containerId }),
    message: last?.message ?? '',
    reason: last?.reason ?? '',
  };
}

export function showTaskDetail(state: ClusterState, task: TaskRecord): ClusterTaskDetail {
  const { history, ports, ipAddresses, image, user } = task;
  return {
    ...showTask(state, task),
    ...{ history: [...history], ports: [...ports], ipAddresses: [...ipAddresses], image, user },
  };
}
