/** Planned outages of machines. A machine is written `host`, `host/ip` or `/ip`. */
import type { maintenance } from '@orchestrator/mesos';
import { msOf } from './times.ts';

export interface WindowView {
  readonly machines: readonly string[];
  readonly start_ms: number;
  /** `null`: without an end. */
  readonly duration_ms: number | null;
}

/** As `maintenance status --json` shows it. */
export interface MaintenanceView {
  readonly windows: readonly WindowView[];
  readonly draining: readonly string[];
  readonly down: readonly string[];
}

interface Machine {
  readonly hostname: string;
  readonly ip: string;
}

const nameOf = ({ hostname, ip }: Machine) => (ip === '' ? hostname : `${hostname}/${ip}`);

export function machineOf(text: string): { hostname?: string; ip?: string } {
  const [hostname = '', ip = ''] = text.split('/');
  return { ...(hostname === '' ? {} : { hostname }), ...(ip === '' ? {} : { ip }) };
}

export function viewMaintenance(
  schedule: maintenance.ScheduleValid,
  status: maintenance.ClusterStatusValid,
): MaintenanceView {
  return {
    windows: schedule.windows.map(({ machineIds, unavailability: { start, duration } }) => ({
      machines: machineIds.map(nameOf),
      start_ms: msOf(start) ?? 0,
      duration_ms: msOf(duration),
    })),
    draining: status.drainingMachines.map(({ id }) => nameOf(id)),
    down: status.downMachines.map(nameOf),
  };
}

/** The windows without these machines; what is empty then is left out. */
export const withoutMachines = (windows: readonly WindowView[], machines: readonly string[]): WindowView[] =>
  windows
    .map((window) => ({ ...window, machines: window.machines.filter((each) => !machines.includes(each)) }))
    .filter((window) => window.machines.length > 0);

const nanoseconds = (ms: number) => ({ nanoseconds: BigInt(Math.round(ms)) * 1_000_000n });

export const scheduleOf = (windows: readonly WindowView[]) => ({
  windows: windows.map(({ machines, start_ms, duration_ms }) => ({
    machineIds: machines.map(machineOf),
    unavailability: {
      start: nanoseconds(start_ms),
      ...(duration_ms === null ? {} : { duration: nanoseconds(duration_ms) }),
    },
  })),
});
