import type { DrainConfigValid, MachineIDValid, maintenance, quota } from '@orchestrator/mesos';
import {
  admitAgent,
  type IdentifiedAgentInfo,
  markGone,
  markReachable,
  markUnreachable,
  pruneAgents,
  removeAgent,
  updateAgent,
} from './agents.ts';
import { deactivateAgent, drainAgent, markDrained, reactivateAgent } from './drain.ts';
import { startMaintenance, stopMaintenance, updateSchedule } from './maintenance.ts';
import { updateQuota } from './quota.ts';
import type { Decision, Registry, WeightRecord } from './registry.ts';
import { updateWeights } from './weights.ts';

/** Everything that is ever written to a registry. Times are nanoseconds since 1970. */
export type RegistryOperation =
  | { readonly type: 'admit-agent'; readonly info: IdentifiedAgentInfo }
  | { readonly type: 'update-agent'; readonly info: IdentifiedAgentInfo }
  | { readonly type: 'mark-unreachable'; readonly agentId: string; readonly atNs: bigint }
  | { readonly type: 'mark-reachable'; readonly info: IdentifiedAgentInfo }
  | { readonly type: 'remove-agent'; readonly agentId: string }
  | { readonly type: 'mark-gone'; readonly agentId: string; readonly atNs: bigint }
  | { readonly type: 'prune'; readonly unreachable: readonly string[]; readonly gone: readonly string[] }
  | { readonly type: 'drain-agent'; readonly agentId: string; readonly config: DrainConfigValid }
  | { readonly type: 'mark-drained'; readonly agentId: string }
  | { readonly type: 'deactivate-agent'; readonly agentId: string }
  | { readonly type: 'reactivate-agent'; readonly agentId: string }
  | { readonly type: 'update-weights'; readonly weights: WeightRecord }
  | { readonly type: 'update-quota'; readonly configs: readonly quota.QuotaConfigValid[] }
  | { readonly type: 'update-schedule'; readonly schedule: maintenance.ScheduleValid }
  | { readonly type: 'start-maintenance'; readonly machines: readonly MachineIDValid[] }
  | { readonly type: 'stop-maintenance'; readonly machines: readonly MachineIDValid[] };

export function decide(registry: Registry, operation: RegistryOperation): Decision {
  switch (operation.type) {
    case 'admit-agent':
      return admitAgent(registry, operation.info);
    case 'update-agent':
      return updateAgent(registry, operation.info);
    case 'mark-unreachable':
      return markUnreachable(registry, operation.agentId, operation.atNs);
    case 'mark-reachable':
      return markReachable(registry, operation.info);
    case 'remove-agent':
      return removeAgent(registry, operation.agentId);
    case 'mark-gone':
      return markGone(registry, operation.agentId, operation.atNs);
    case 'prune':
      return pruneAgents(registry, operation);
    case 'drain-agent':
      return drainAgent(registry, operation.agentId, operation.config);
    case 'mark-drained':
      return markDrained(registry, operation.agentId);
    case 'deactivate-agent':
      return deactivateAgent(registry, operation.agentId);
    case 'reactivate-agent':
      return reactivateAgent(registry, operation.agentId);
    case 'update-weights':
      return updateWeights(registry, operation.weights);
    case 'update-quota':
      return updateQuota(registry, operation.configs);
    case 'update-schedule':
      return updateSchedule(registry, operation.schedule);
    case 'start-maintenance':
      return startMaintenance(registry, operation.machines);
    case 'stop-maintenance':
      return stopMaintenance(registry, operation.machines);
  }
}
