/** What operators do with the cluster, as calls to the leading master, or to an agent. */
import { agent as agentProtocol, createAgentClient, type MasterClient, master } from '@orchestrator/mesos';
import { MonitorError } from '../errors.ts';
import type { Machine, Maintenance, Quantities } from '../schema/index.ts';
import type { MesosAccess } from './follow.ts';
import { showAgent } from './shown.ts';
import type { ClusterState } from './state.ts';
import { keyOfTask, type TaskRecord } from './task-record.ts';

const { Call_Type: call } = master;

export interface ClusterActions {
  drain(
    agentId: string,
    options: { maxGracePeriodMs?: number | undefined; markGone: boolean },
  ): Promise<void>;
  deactivate(agentId: string): Promise<void>;
  reactivate(agentId: string): Promise<void>;
  maintenance(): Promise<Maintenance>;
  scheduleMaintenance(windows: Maintenance['windows']): Promise<void>;
  /** Takes machines out, and back in. */
  setDown(machines: readonly Machine[], isDown: boolean): Promise<void>;
  setQuota(
    role: string,
    quota: { guarantees: Quantities; limits: Quantities; force: boolean },
  ): Promise<void>;
  setWeight(role: string, weight: number): Promise<void>;
  teardown(frameworkId: string): Promise<void>;
  kill(frameworkId: string, taskId: string): Promise<void>;
}

const nanosPerMs = 1_000_000n;
const machineId = ({ hostName, ip }: Machine) => ({
  hostname: hostName,
  ...(ip === undefined ? {} : { ip }),
});
const machineOf = ({ hostname, ip }: { hostname: string; ip: string }): Machine => ({
  hostName: hostname,
  ...(ip === '' ? {} : { ip }),
});
const scalars = (quantities: Quantities) =>
  Object.fromEntries(Object.entries(quantities).map(([name, value]) => [name, { value }]));

/** @throws MonitorError `not-found` */
export function taskNamed(state: ClusterState, frameworkId: string, taskId: string): TaskRecord {
  const task = state.tasks.get(keyOfTask(frameworkId, taskId));
  if (task !== undefined) return task;
  throw new MonitorError('not-found', `framework ${frameworkId} has no task "${taskId}"`, {
    remedy: 'it may have ended long ago',
  });
}

/** HOST and port of an agent's API. @throws MonitorError `not-found` */
export function agentPlace(state: ClusterState, agentId: string): { host: string; port: number } {
  const address = showAgent(state, agentId)?.address;
  if (address === undefined) throw new MonitorError('not-found', `there is no agent "${agentId}" now`);
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

async function readMaintenance(client: MasterClient): Promise<Maintenance> {
  const schedule = (await client.call({ type: call.GET_MAINTENANCE_SCHEDULE }))?.getMaintenanceSchedule;
  const status = (await client.call({ type: call.GET_MAINTENANCE_STATUS }))?.getMaintenanceStatus?.status;
  return {
    windows: (schedule?.schedule?.windows ?? []).map(
      ({ machineIds, unavailability: { start, duration } }) => ({
        machines: machineIds.map(machineOf),
        startMs: Number(start.nanoseconds / nanosPerMs),
        ...(duration === undefined ? {} : { durationMs: Number(duration.nanoseconds / nanosPerMs) }),
      }),
    ),
    draining: (status?.drainingMachines ?? []).map(({ id }) => machineOf(id)),
    down: (status?.downMachines ?? []).map(machineOf),
  };
}

async function killContainer(state: ClusterState, access: MesosAccess, task: TaskRecord): Promise<void> {
  if (task.containerId === '') {
    throw new MonitorError('precondition', `it is not known which container task "${task.id}" runs in`, {
      remedy: 'wait until it runs, or kill it through its framework',
    });
  }
  const client = createAgentClient({ ...access, agent: agentPlace(state, task.agentId), format: 'protobuf' });
  await client.call({
    type: agentProtocol.Call_Type.KILL_CONTAINER,
    killContainer: { containerId: { value: task.containerId } },
  });
}

/** Each resolves once the master has accepted it. @throws MesosError, MonitorError */
export function createClusterActions(options: {
  readonly client: () => MasterClient;
  readonly state: ClusterState;
  readonly access: MesosAccess;
}): ClusterActions {
  const { client, state, access } = options;
  const send = async (init: Parameters<MasterClient['call']>[0]): Promise<void> => {
    await client().call(init);
  };
  return {
    drain: (agentId, { maxGracePeriodMs, markGone }) =>
      send({
        type: call.DRAIN_AGENT,
        drainAgent: {
          ...{ agentId: { value: agentId }, markGone },
          ...(maxGracePeriodMs === undefined ? {} : { maxGracePeriod: durationOf(maxGracePeriodMs) }),
        },
      }),
    deactivate: (agentId) =>
      send({ type: call.DEACTIVATE_AGENT, deactivateAgent: { agentId: { value: agentId } } }),
    reactivate: (agentId) =>
      send({ type: call.REACTIVATE_AGENT, reactivateAgent: { agentId: { value: agentId } } }),
    maintenance: () => readMaintenance(client()),
    scheduleMaintenance: (windows) =>
      send({
        type: call.UPDATE_MAINTENANCE_SCHEDULE,
        updateMaintenanceSchedule: {
          schedule: {
            windows: windows.map(({ machines, startMs, durationMs }) => ({
              machineIds: machines.map(machineId),
              unavailability: {
                start: { nanoseconds: BigInt(startMs) * nanosPerMs },
                ...(durationMs === undefined
                  ? {}
                  : { duration: { nanoseconds: BigInt(durationMs) * nanosPerMs } }),
              },
            })),
          },
        },
      }),
    setDown(machines, isDown) {
      const named = { machines: machines.map(machineId) };
      return isDown
        ? send({ type: call.START_MAINTENANCE, startMaintenance: named })
        : send({ type: call.STOP_MAINTENANCE, stopMaintenance: named });
    },
    setQuota: (role, { guarantees, limits, force }) =>
      send({
        type: call.UPDATE_QUOTA,
        updateQuota: {
          force,
          quotaConfigs: [{ role, guarantees: scalars(guarantees), limits: scalars(limits) }],
        },
      }),
    setWeight: (role, weight) =>
      send({ type: call.UPDATE_WEIGHTS, updateWeights: { weightInfos: [{ role, weight }] } }),
    teardown: (frameworkId) =>
      send({ type: call.TEARDOWN, teardown: { frameworkId: { value: frameworkId } } }),
    kill: (frameworkId, taskId) => killContainer(state, access, taskNamed(state, frameworkId, taskId)),
  };
}

const durationOf = (ms: number) => ({
  seconds: BigInt(Math.floor(ms / 1_000)),
  nanos: (ms % 1_000) * 1_000_000,
});
