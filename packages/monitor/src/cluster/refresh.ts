/** What a master's stream does not tell: drains, offers, lost agents, executors, roles, quota and maintenance. */
import { type MasterClient, master, toThousandths } from '@orchestrator/mesos';
import { type Amounts, noAmounts } from './amounts.ts';
import type { ClusterState, RoleFacts } from './state.ts';

const { Call_Type: call } = master;

const amountsOfMap = (values: Readonly<Record<string, { readonly value: number }>>): Amounts =>
  new Map(Object.entries(values).map(([name, { value }]) => [name, toThousandths(value)]));

async function rolesOf(client: MasterClient, signal: AbortSignal): Promise<Map<string, RoleFacts>> {
  const roles = (await client.call({ type: call.GET_ROLES }, signal))?.getRoles?.roles ?? [];
  const weights = (await client.call({ type: call.GET_WEIGHTS }, signal))?.getWeights?.weightInfos ?? [];
  const configs = (await client.call({ type: call.GET_QUOTA }, signal))?.getQuota?.status?.configs ?? [];
  const facts = new Map<string, RoleFacts>();
  const put = (name: string, change: Partial<RoleFacts>) =>
    facts.set(name, { weight: 1, guarantees: noAmounts, limits: noAmounts, ...facts.get(name), ...change });
  for (const { name, weight } of roles) put(name, { weight });
  for (const { role, weight } of weights) put(role, { weight });
  for (const { role, guarantees, limits } of configs) {
    put(role, { guarantees: amountsOfMap(guarantees), limits: amountsOfMap(limits) });
  }
  return facts;
}

async function machinesOf(
  client: MasterClient,
  signal: AbortSignal,
): Promise<Map<string, 'scheduled' | 'down'>> {
  const schedule = (await client.call({ type: call.GET_MAINTENANCE_SCHEDULE }, signal))
    ?.getMaintenanceSchedule;
  const status = (await client.call({ type: call.GET_MAINTENANCE_STATUS }, signal))?.getMaintenanceStatus;
  const machines = new Map<string, 'scheduled' | 'down'>();
  for (const { machineIds } of schedule?.schedule?.windows ?? []) {
    for (const { hostname } of machineIds) machines.set(hostname, 'scheduled');
  }
  for (const { hostname } of status?.status?.downMachines ?? []) machines.set(hostname, 'down');
  return machines;
}

/** @throws MesosError */
export async function refresh(client: MasterClient, state: ClusterState, signal: AbortSignal): Promise<void> {
  const [knownAgents, knownFrameworks] = [new Set(state.agents.keys()), new Set(state.frameworks.keys())];
  const agents = (await client.call({ type: call.GET_AGENTS }, signal))?.getAgents?.agents;
  if (agents !== undefined) state.putAgents(agents, knownAgents);
  const frameworks = (await client.call({ type: call.GET_FRAMEWORKS }, signal))?.getFrameworks?.frameworks;
  if (frameworks !== undefined) state.putFrameworks(frameworks, knownFrameworks);
  const executors = (await client.call({ type: call.GET_EXECUTORS }, signal))?.getExecutors?.executors;
  if (executors !== undefined) state.putExecutors(executors);
  state.putRoles(await rolesOf(client, signal));
  state.putMaintenance(await machinesOf(client, signal));
}
