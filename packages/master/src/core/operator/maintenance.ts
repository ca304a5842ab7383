/** The maintenance schedule, and machines that go down and come up. */
import { isIPv4 } from 'node:net';
import {
  type MachineIDValid,
  type maintenance,
  makeMessage,
  internal as messages,
  TaskState,
  TaskStatus_Reason,
} from '@orchestrator/mesos';
import { machineKey, machinesOf } from '../../registrar/maintenance.ts';
import { removeAgent, unavailabilityOf } from '../agents.ts';
import { type MasterContext, toAgent, write } from '../context.ts';
import { machineOf, rescindOffersOf } from '../offers.ts';
import type { Reply } from './agents.ts';

const bad = (message: string) => ({ status: 400, message }) as const;

function machineError({ hostname, ip }: MachineIDValid): string | undefined {
  if (hostname === '' && ip === '') return "Both 'hostname' and 'ip' for a machine are empty";
  return ip === '' || isIPv4(ip) ? undefined : `Failed to parse IPv4: ${ip}`;
}

/** As JSON, the keys in Mesos' order. */
function printMachine(id: MachineIDValid): string {
  const { hostname, ip } = id;
  return JSON.stringify({
    ...(Object.hasOwn(id, 'hostname') ? { hostname } : {}),
    ...(Object.hasOwn(id, 'ip') ? { ip } : {}),
  });
}

function scheduleError(context: MasterContext, schedule: maintenance.ScheduleValid): string | undefined {
  const seen = new Set<string>();
  for (const { machineIds, unavailability } of schedule.windows) {
    if (machineIds.length === 0) return 'List of machines in the maintenance window is empty';
    if ((unavailability.duration?.nanoseconds ?? 0n) < 0n) return "Unavailability 'duration' is negative";
    for (const id of machineIds) {
      const error = machineError(id);
      if (error !== undefined) return error;
      if (seen.has(machineKey(id))) {
        return `Machine '${printMachine(id)}' appears more than once in the schedule`;
      }
      seen.add(machineKey(id));
    }
  }
  const lost = context.registry().settings.maintenance.down.find((id) => !seen.has(machineKey(id)));
  return lost && `Machine '${printMachine(lost)}' is deactivated and cannot be removed from the schedule`;
}

/** Takes the machines over from the registry, and tells the allocator of agents whose times have changed. */
export function refreshMachines(context: MasterContext): void {
  const before = context.state.machines;
  const machines = machinesOf(context.registry().settings.maintenance);
  context.state.machines = machines;
  for (const key of machines.keys()) context.state.machinesSeen.add(key);
  for (const agent of context.state.agents.values()) {
    const key = machineOf(agent);
    const [was, is] = [before.get(key)?.unavailability, machines.get(key)?.unavailability];
    if (was === is) continue;
    rescindOffersOf(context, agent);
    context.allocator.setUnavailability(agent.id, unavailabilityOf(context, agent));
  }
}

export function updateSchedule(
  context: MasterContext,
  schedule: maintenance.ScheduleValid,
  reply: Reply,
): void {
  const error = scheduleError(context, schedule);
  if (error !== undefined) {
    reply(bad(error));
    return;
  }
  write(context, { type: 'update-schedule', schedule }, () => {
    refreshMachines(context);
    reply({ status: 200 });
  });
}

/** It is up: an agent runs on it, or it was under maintenance before. */
function isKnown({ state }: MasterContext, key: string): boolean {
  if (state.machinesSeen.has(key)) return true;
  return [...state.agents.values()].some((agent) => machineOf(agent) === key);
}

function listError(
  context: MasterContext,
  ids: readonly MachineIDValid[],
  mode: 'draining' | 'down',
): string | undefined {
  if (ids.length === 0) return 'List of machines is empty';
  const seen = new Set<string>();
  for (const id of ids) {
    const error = machineError(id);
    if (error !== undefined) return error;
    if (seen.has(machineKey(id)))
      return `Machine '${printMachine(id)}' appears more than once in the schedule`;
    seen.add(machineKey(id));
  }
  for (const id of ids) {
    const machine = context.state.machines.get(machineKey(id));
    if (machine === undefined && !isKnown(context, machineKey(id))) {
      return `Machine '${printMachine(id)}' is not part of a maintenance schedule`;
    }
    if (machine?.mode !== mode) {
      return mode === 'draining'
        ? `Machine '${printMachine(id)}' is not in DRAINING mode and cannot be brought down`
        : `Machine '${printMachine(id)}' is not in DOWN mode and cannot be brought up`;
    }
  }
  return undefined;
}

/** The machines go down: their agents are told to end, and removed. */
export function startMaintenance(context: MasterContext, ids: readonly MachineIDValid[], reply: Reply): void {
  const error = listError(context, ids, 'draining');
  if (error !== undefined) {
    reply(bad(error));
    return;
  }
  write(context, { type: 'start-maintenance', machines: ids }, () => {
    refreshMachines(context);
    const keys = new Set(ids.map(machineKey));
    for (const agent of [...context.state.agents.values()]) {
      if (!keys.has(machineOf(agent))) continue;
      const message = 'Operator initiated "Machine DOWN"';
      toAgent(
        context,
        agent.pid,
        'ShutdownMessage',
        makeMessage(messages.ShutdownMessageSchema, { message }),
      );
      write(context, { type: 'remove-agent', agentId: agent.id }, () => {
        if (context.state.agents.get(agent.id) !== agent) return;
        removeAgent(context, agent, {
          taskState: TaskState.TASK_GONE,
          reason: TaskStatus_Reason.AGENT_REMOVED,
          message,
        });
      });
    }
    reply({ status: 200 });
  });
}

export function stopMaintenance(context: MasterContext, ids: readonly MachineIDValid[], reply: Reply): void {
  const error = listError(context, ids, 'down');
  if (error !== undefined) {
    reply(bad(error));
    return;
  }
  write(context, { type: 'stop-maintenance', machines: ids }, () => {
    refreshMachines(context);
    reply({ status: 200 });
  });
}
