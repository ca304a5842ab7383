import { DrainState, type master, nameOfEnum, parseUpid } from '@orchestrator/mesos';
import { type ResourceView, viewResources } from './resources.ts';
import { msOf } from './times.ts';

/** As `agents --json` shows it. */
export interface AgentView {
  readonly id: string;
  /** Its host's. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly active: boolean;
  readonly deactivated: boolean;
  /** `DRAINING`, `DRAINED`; `null` when it is not to be emptied. */
  readonly drain: string | null;
  readonly total: ResourceView;
  readonly allocated: ResourceView;
  readonly offered: ResourceView;
  readonly attributes: Readonly<Record<string, string>>;
  readonly registered_ms: number | null;
  readonly version: string;
}

type AgentMessage = master.Response_GetAgents_AgentValid;
type Attribute = AgentMessage['agentInfo']['attributes'][number];

function textOf({ scalar, text, ranges, set }: Attribute): string {
  if (text !== undefined) return text.value;
  if (scalar !== undefined) return String(scalar.value);
  if (set !== undefined) return `{${set.item.join(',')}}`;
  return `[${(ranges?.range ?? []).map(({ begin, end }) => `${begin}-${end}`).join(', ')}]`;
}

export function viewAgent(agent: AgentMessage): AgentView {
  const { agentInfo: info, drainInfo, pid } = agent;
  const address = pid === '' ? undefined : parseUpid(pid);
  return {
    id: info.id?.value ?? '',
    name: info.hostname,
    host: address?.host ?? info.hostname,
    port: address?.port ?? info.port,
    active: agent.active,
    deactivated: agent.deactivated,
    drain: drainInfo === undefined ? null : nameOfEnum(DrainState, drainInfo.state),
    total: viewResources(agent.totalResources),
    allocated: viewResources(agent.allocatedResources),
    offered: viewResources(agent.offeredResources),
    attributes: Object.fromEntries(info.attributes.map((each) => [each.name, textOf(each)])),
    registered_ms: msOf(agent.reregisteredTime ?? agent.registeredTime),
    version: agent.version,
  };
}

export const viewAgents = ({ agents }: master.Response_GetAgentsValid): AgentView[] => agents.map(viewAgent);
