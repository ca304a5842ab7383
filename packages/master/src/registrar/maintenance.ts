/** Planned maintenance: the schedule, and which of its machines are down. All others in it are draining. */
import {
  type MachineIDValid,
  makeMessage,
  type UnavailabilityValid,
  maintenance as wire,
} from '@orchestrator/mesos';
import { type Decision, type MaintenanceRecord, type Registry, unchanged } from './registry.ts';

export interface MachineState {
  readonly id: MachineIDValid;
  readonly mode: 'draining' | 'down';
  readonly unavailability: UnavailabilityValid;
}

/** Two machine ids with the same key are the same machine: host names do not know upper case. */
export function machineKey(id: { readonly hostname: string; readonly ip: string }): string {
  return `${id.hostname.toLowerCase()}|${id.ip}`;
}

/** The machines of the schedule by their key, in its order. */
export function machinesOf(record: MaintenanceRecord): Map<string, MachineState> {
  const down = new Set(record.down.map(machineKey));
  const machines = new Map<string, MachineState>();
  for (const window of record.schedule?.windows ?? []) {
    for (const id of window.machineIds) {
      const key = machineKey(id);
      const mode = down.has(key) ? 'down' : 'draining';
      machines.set(key, { id, mode, unavailability: window.unavailability });
    }
  }
  return machines;
}

function decide(maintenance: MaintenanceRecord): Decision {
  return { changes: [{ list: 'settings', name: 'maintenance', value: { maintenance } }] };
}

/** Replaces the schedule. Machines that are down must stay in it; an empty schedule ends all that is only planned. */
export function updateSchedule(registry: Registry, schedule: wire.ScheduleValid): Decision {
  const { down } = registry.settings.maintenance;
  const machines = machinesOf({ schedule, down });
  const lost = down.find((id) => !machines.has(machineKey(id)));
  if (lost !== undefined) {
    return { refusal: `Machine ${machineKey(lost)} is down and cannot be removed from the schedule` };
  }
  return decide({ schedule: schedule.windows.length === 0 ? undefined : schedule, down });
}

/** Machines that the schedule does not know are passed over. */
export function startMaintenance(registry: Registry, ids: readonly MachineIDValid[]): Decision {
  const { maintenance } = registry.settings;
  const machines = machinesOf(maintenance);
  const added = ids.filter((id) => machines.get(machineKey(id))?.mode === 'draining');
  if (added.length === 0) return unchanged;
  return decide({ ...maintenance, down: [...maintenance.down, ...added] });
}

/** The machines are up again and leave the schedule. */
export function stopMaintenance(registry: Registry, ids: readonly MachineIDValid[]): Decision {
  const { schedule, down } = registry.settings.maintenance;
  const stopped = new Set(ids.map(machineKey));
  const stays = (id: MachineIDValid) => !stopped.has(machineKey(id));
  if (![...machinesOf({ schedule, down }).keys()].some((key) => stopped.has(key))) return unchanged;
  const windows = (schedule?.windows ?? [])
    .map(({ machineIds, unavailability }) => ({ machineIds: machineIds.filter(stays), unavailability }))
    .filter((window) => window.machineIds.length > 0);
  return decide({
    schedule: windows.length === 0 ? undefined : makeMessage(wire.ScheduleSchema, { windows }),
    down: down.filter(stays),
  });
}
