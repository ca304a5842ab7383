/** What the commands ask a master for, as views. */
import { master } from '@orchestrator/mesos';
import { type AgentView, viewAgents } from '../views/agents.ts';
import { type FrameworkView, type OfferView, viewFrameworks, viewOffers } from '../views/frameworks.ts';
import { type MaintenanceView, viewMaintenance } from '../views/maintenance.ts';
import { type RoleView, viewRoles } from '../views/roles.ts';
import { type TaskView, viewTasks } from '../views/tasks.ts';
import type { Cluster } from './cluster.ts';

const { Call_Type: calls } = master;

/** Whether to tell of what is over, too, as far as the master remembers it. */
export type Which = 'live' | 'all';

export async function readTasks(cluster: Cluster, which: Which): Promise<TaskView[]> {
  const { getTasks } = await cluster.ask({ type: calls.GET_TASKS });
  return getTasks === undefined ? [] : viewTasks(getTasks, which);
}

export async function readAgents(cluster: Cluster): Promise<AgentView[]> {
  const { getAgents } = await cluster.ask({ type: calls.GET_AGENTS });
  return getAgents === undefined ? [] : viewAgents(getAgents);
}

export async function readFrameworks(cluster: Cluster, which: Which): Promise<FrameworkView[]> {
  const { getFrameworks } = await cluster.ask({ type: calls.GET_FRAMEWORKS });
  return getFrameworks === undefined ? [] : viewFrameworks(getFrameworks, which);
}

export async function readOffers(cluster: Cluster): Promise<OfferView[]> {
  const { getFrameworks } = await cluster.ask({ type: calls.GET_FRAMEWORKS });
  return getFrameworks === undefined ? [] : viewOffers(getFrameworks);
}

export async function readRoles(cluster: Cluster): Promise<RoleView[]> {
  const [{ getRoles }, { getQuota }, { getWeights }] = await Promise.all([
    cluster.ask({ type: calls.GET_ROLES }),
    cluster.ask({ type: calls.GET_QUOTA }),
    cluster.ask({ type: calls.GET_WEIGHTS }),
  ]);
  // A master leaves out what there is nothing of.
  return viewRoles({
    roles: getRoles?.roles ?? [],
    quotas: getQuota?.status.configs ?? [],
    weights: getWeights?.weightInfos ?? [],
  });
}

export async function readMaintenance(cluster: Cluster): Promise<MaintenanceView> {
  const [{ getMaintenanceSchedule: planned }, { getMaintenanceStatus: now }] = await Promise.all([
    cluster.ask({ type: calls.GET_MAINTENANCE_SCHEDULE }),
    cluster.ask({ type: calls.GET_MAINTENANCE_STATUS }),
  ]);
  if (planned === undefined || now === undefined) return { windows: [], draining: [], down: [] };
  return viewMaintenance(planned.schedule, now.status);
}
