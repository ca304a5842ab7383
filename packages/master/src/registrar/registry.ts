/**
 * What a master knows beyond its own life: agents, machines under maintenance, weights, quotas. Frameworks and tasks are
 * not in it; they come back with the agents.
 *
 * Every agent is in at most one of the three lists. Operations (`operations.ts`) decide; the changes they decide on are
 * what is stored, one key for each agent and one for each of the four settings, so that a write costs what it changes.
 */
import type { MachineIDValid, maintenance, quota, registry as wire } from '@orchestrator/mesos';

export type AdmittedAgent = wire.Registry_SlaveValid;
export type UnreachableAgent = wire.Registry_UnreachableSlaveValid;
export type GoneAgent = wire.Registry_GoneSlaveValid;

export interface MaintenanceRecord {
  readonly schedule: maintenance.ScheduleValid | undefined;
  /** Machines of the schedule that are down. */
  readonly down: readonly MachineIDValid[];
}

/** By role; a role that is not in it weighs 1. */
export type WeightRecord = ReadonlyMap<string, number>;

/** By role; a role that is not in it has no guarantee and no limit. */
export type QuotaRecord = ReadonlyMap<string, quota.QuotaConfigValid>;

export interface Settings {
  readonly maintenance: MaintenanceRecord;
  readonly weights: WeightRecord;
  readonly quotas: QuotaRecord;
  /** Names that a master must know to lead with this registry: `AGENT_DRAINING`, `QUOTA_V2`. */
  readonly minimumCapabilities: readonly string[];
}

export interface Registry {
  /** By agent id, in the order of admission. */
  readonly admitted: ReadonlyMap<string, AdmittedAgent>;
  readonly unreachable: ReadonlyMap<string, UnreachableAgent>;
  readonly gone: ReadonlyMap<string, GoneAgent>;
  readonly settings: Settings;
}

/** A key of the stored registry and its new value; undefined deletes it. */
export type Change =
  | { readonly list: 'admitted'; readonly id: string; readonly value: AdmittedAgent | undefined }
  | { readonly list: 'unreachable'; readonly id: string; readonly value: UnreachableAgent | undefined }
  | { readonly list: 'gone'; readonly id: string; readonly value: GoneAgent | undefined }
  | { readonly list: 'settings'; readonly name: keyof Settings; readonly value: Partial<Settings> };

/** What an operation comes to: changes (none if all is as it should be), or why it cannot be. */
export type Decision = { readonly changes: readonly Change[] } | { readonly refusal: string };

export const unchanged: Decision = { changes: [] };

/** A registry that changes are applied to in place: copies of ten thousand agents for each operation would cost seconds. */
export interface MutableRegistry extends Registry {
  readonly admitted: Map<string, AdmittedAgent>;
  readonly unreachable: Map<string, UnreachableAgent>;
  readonly gone: Map<string, GoneAgent>;
  settings: Settings;
}

export function emptyRegistry(): MutableRegistry {
  return {
    admitted: new Map(),
    unreachable: new Map(),
    gone: new Map(),
    settings: {
      maintenance: { schedule: undefined, down: [] },
      weights: new Map(),
      quotas: new Map(),
      minimumCapabilities: [],
    },
  };
}

function put<Value>(list: Map<string, Value>, id: string, value: Value | undefined): void {
  if (value === undefined) list.delete(id);
  else list.set(id, value);
}

export function applyChange(registry: MutableRegistry, change: Change): void {
  if (change.list === 'settings') registry.settings = { ...registry.settings, ...change.value };
  else if (change.list === 'admitted') put(registry.admitted, change.id, change.value);
  else if (change.list === 'unreachable') put(registry.unreachable, change.id, change.value);
  else put(registry.gone, change.id, change.value);
}
