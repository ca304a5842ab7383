import type { ClusterAgent, ClusterMaster, ClusterSummary, TaskStateName } from '../schema/index.ts';
import { addTo, toAmounts, toQuantities } from './amounts.ts';
import type { ClusterFollower, FollowedLeader } from './follow.ts';
import type { ClusterState } from './state.ts';

/** The masters that are known, or at least the one that leads. */
export function showMasters(
  addresses: readonly string[],
  leader: FollowedLeader | undefined,
): ClusterMaster[] {
  if (leader === undefined) return addresses.map((address) => ({ address, leads: false }));
  const { port, id, version, hostName, startedMs, electedMs } = leader;
  // A master may be configured by another of its names than the one it goes by.
  const names = [leader.host, leader.ip, hostName].map((host) => `${host}:${port}`);
  const address = addresses.find((each) => names.includes(each)) ?? `${leader.host}:${port}`;
  const others = addresses.filter((each) => each !== address);
  return [
    { address, leads: true, id, version, hostName, startedMs, electedMs },
    ...others.map((each): ClusterMaster => ({ address: each, leads: false })),
  ];
}

/** Everything summed up. Agents are given as they are shown, so that they need not be looked at twice. */
export function summarise(
  state: ClusterState,
  follower: Pick<ClusterFollower, 'leader' | 'masters' | 'problem' | 'asOfMs'>,
  agents: Iterable<ClusterAgent>,
): ClusterSummary {
  const total = new Map<string, number>();
  const offered = new Map<string, number>();
  const allocated = new Map<string, number>();
  const counts = { active: 0, deactivated: 0, draining: 0, disconnected: 0 };
  for (const agent of agents) {
    counts[agent.state === 'drained' ? 'draining' : agent.state]++;
    addTo(total, toAmounts(agent.total));
    addTo(offered, toAmounts(agent.offered));
    addTo(allocated, toAmounts(agent.allocated));
  }
  const frameworks = [...state.frameworks.values()];
  const active = frameworks.filter((framework) => framework.active).length;
  const tasks: Partial<Record<TaskStateName, number>> = {};
  for (const [name, count] of state.tasksByState) if (count > 0) tasks[name] = count;
  const { leader, masters, problem, asOfMs } = follower;
  return {
    configured: true,
    connected: problem === undefined,
    problem: problem === undefined ? null : { message: problem.message, remedy: problem.remedy ?? '' },
    ...{ asOfMs, name: leader?.clusterName ?? '', masters: showMasters(masters, leader) },
    total: toQuantities(total),
    allocated: toQuantities(allocated),
    offered: toQuantities(offered),
    agents: counts,
    frameworks: { active, inactive: frameworks.length - active },
    ...{ tasks, tasksRevision: state.tasksRevision },
  };
}

export const noCluster: ClusterSummary = {
  ...{ configured: false, connected: false, problem: null, asOfMs: 0, name: '', masters: [] },
  ...{ total: {}, allocated: {}, offered: {}, tasks: {}, tasksRevision: 0 },
  agents: { active: 0, deactivated: 0, draining: 0, disconnected: 0 },
  frameworks: { active: 0, inactive: 0 },
};
