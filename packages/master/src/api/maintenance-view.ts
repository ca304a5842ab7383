import { InverseOfferStatus_Status, maintenance, makeMessage } from '@orchestrator/mesos';
import { type MasterState, nanosecondsOf } from '../core/context.ts';
import { machineOf } from '../core/offers.ts';

/** Which machines are draining, with what frameworks have answered, and which are down. */
export function viewMaintenance(state: MasterState): maintenance.ClusterStatusValid {
  const answers = new Map<string, maintenance.ClusterStatus_DrainingMachineValid['statuses']>();
  for (const agent of state.agents.values()) {
    if (agent.inverseAnswers.size === 0) continue;
    const statuses = [...agent.inverseAnswers].map(([frameworkId, { status, atMs }]) => ({
      status: InverseOfferStatus_Status[status],
      frameworkId: { value: frameworkId },
      timestamp: { nanoseconds: nanosecondsOf(atMs) },
    }));
    const { statuses: made } = makeMessage(maintenance.ClusterStatus_DrainingMachineSchema, {
      id: {},
      statuses,
    });
    answers.set(machineOf(agent), [...(answers.get(machineOf(agent)) ?? []), ...made]);
  }
  const machines = [...state.machines];
  return makeMessage(maintenance.ClusterStatusSchema, {
    drainingMachines: machines
      .filter(([, { mode }]) => mode === 'draining')
      .map(([key, { id }]) => ({ id, statuses: answers.get(key) ?? [] })),
    downMachines: machines.filter(([, { mode }]) => mode === 'down').map(([, { id }]) => id),
  });
}
