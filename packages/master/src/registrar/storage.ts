/**
 * The keys of a registry in a store:
 *
 *     registry/term              the leader's fencing term: a number, and who it is
 *     registry/admitted/<id>     Registry.Slave            registry/unreachable/<id>, registry/gone/<id> likewise
 *     registry/settings/<name>   a Registry with the fields of that setting only
 */
import {
  decodeMessage,
  encodeMessage,
  MachineInfo_Mode,
  type MasterInfoValid,
  makeMessage,
  registry as wire,
} from '@orchestrator/mesos';
import { type Entry, listPages, type Store, storeLimits, type Write } from '@orchestrator/store';
import { MasterError } from '../errors.ts';
import { machinesOf } from './maintenance.ts';
import {
  applyChange,
  type Change,
  emptyRegistry,
  type MutableRegistry,
  type Registry,
  type Settings,
} from './registry.ts';

const prefix = 'registry/';
export const termKey = `${prefix}term`;

const messages = {
  admitted: wire.Registry_SlaveSchema,
  unreachable: wire.Registry_UnreachableSlaveSchema,
  gone: wire.Registry_GoneSlaveSchema,
} as const;

/** Agent ids are made by masters; one that an agent made up may hold anything, and a store's key may not. */
const keyOf = (change: Change) =>
  change.list === 'settings'
    ? `${prefix}settings/${change.name}`
    : `${prefix}${change.list}/${encodeURIComponent(change.id)}`;

function settingsMessage({ maintenance, weights, quotas, minimumCapabilities }: Partial<Settings>) {
  return makeMessage(wire.RegistrySchema, {
    schedules: maintenance?.schedule === undefined ? [] : [maintenance.schedule],
    machines: {
      machines: (maintenance?.down ?? []).map((id) => ({ info: { id, mode: MachineInfo_Mode.DOWN } })),
    },
    weights: [...(weights ?? [])].map(([role, weight]) => ({ info: { role, weight } })),
    quotaConfigs: [...(quotas?.values() ?? [])],
    minimumCapabilities: (minimumCapabilities ?? []).map((capability) => ({ capability })),
  });
}

function storedValue(change: Change): Uint8Array | undefined {
  if (change.value === undefined) return undefined;
  switch (change.list) {
    case 'admitted':
      return encodeMessage(messages.admitted, change.value);
    case 'unreachable':
      return encodeMessage(messages.unreachable, change.value);
    case 'gone':
      return encodeMessage(messages.gone, change.value);
    case 'settings':
      return encodeMessage(wire.RegistrySchema, settingsMessage(change.value));
  }
}

/** @throws MasterError `limit` when one value is larger than a store takes. */
export function writeOf(change: Change): Write {
  const key = keyOf(change);
  const value = storedValue(change);
  if (value === undefined) return { type: 'delete', key };
  if (value.byteLength > storeLimits.valueBytes) {
    throw new MasterError(
      'limit',
      `${key} would have ${value.byteLength} bytes; the registry keeps ${storeLimits.valueBytes} for one entry`,
      { remedy: 'plan fewer machines at once, or set fewer quotas' },
    );
  }
  return { type: 'put', key, value };
}

export function bytesOf(write: Write): number {
  return write.type === 'put' ? write.key.length + Buffer.byteLength(write.value) : write.key.length;
}

function settingOf(name: string, value: Buffer): Change | undefined {
  const message = decodeMessage(wire.RegistrySchema, value);
  const change = (setting: keyof Settings, part: Partial<Settings>): Change => ({
    list: 'settings',
    name: setting,
    value: part,
  });
  switch (name) {
    case 'maintenance':
      return change(name, {
        maintenance: {
          schedule: message.schedules[0],
          down: (message.machines?.machines ?? []).map(({ info }) => info.id),
        },
      });
    case 'weights':
      return change(name, { weights: new Map(message.weights.map(({ info }) => [info.role, info.weight])) });
    case 'quotas':
      return change(name, { quotas: new Map(message.quotaConfigs.map((config) => [config.role, config])) });
    case 'minimumCapabilities':
      return change(name, {
        minimumCapabilities: message.minimumCapabilities.map((each) => each.capability),
      });
    default:
      return undefined;
  }
}

function changeOf({ key, value }: Entry): Change | undefined {
  const [list, rawId] = key.slice(prefix.length).split('/');
  const id = decodeURIComponent(rawId ?? '');
  switch (list) {
    case 'admitted':
      return { list, id, value: decodeMessage(messages.admitted, value) };
    case 'unreachable':
      return { list, id, value: decodeMessage(messages.unreachable, value) };
    case 'gone':
      return { list, id, value: decodeMessage(messages.gone, value) };
    case 'settings':
      return settingOf(id, value);
    default:
      return undefined;
  }
}

/** Reads everything, page by page; `term` is the leader's entry. @throws MasterError `corrupt` for what cannot be read. */
export async function loadRegistry(store: Store): Promise<{ registry: MutableRegistry; bytes: number }> {
  const registry = emptyRegistry();
  let bytes = 0;
  for await (const { entries } of listPages(store, prefix, storeLimits.listEntries)) {
    for (const entry of entries) {
      bytes += entry.key.length + entry.value.byteLength;
      if (entry.key === termKey) continue;
      const change = readChange(entry);
      if (change !== undefined) applyChange(registry, change);
    }
  }
  return { registry, bytes };
}

function readChange(entry: Entry): Change | undefined {
  try {
    return changeOf(entry);
  } catch (cause) {
    throw new MasterError('corrupt', `registry entry "${entry.key}" cannot be read`, {
      cause,
      remedy:
        'restore the store from a backup, or delete this key and let the agents come back by themselves',
    });
  }
}

/** The whole of it as one message, for `/registrar(1)/registry`. */
export function registryMessage(registry: Registry, info: MasterInfoValid): wire.RegistryValid {
  const { settings, admitted, unreachable, gone } = registry;
  const message = settingsMessage(settings);
  message.master = makeMessage(wire.Registry_MasterSchema, { info });
  message.slaves = makeMessage(wire.Registry_SlavesSchema, { slaves: [...admitted.values()] });
  message.unreachable = makeMessage(wire.Registry_UnreachableSlavesSchema, {
    slaves: [...unreachable.values()],
  });
  message.gone = makeMessage(wire.Registry_GoneSlavesSchema, { slaves: [...gone.values()] });
  const machines = [...machinesOf(settings.maintenance).values()].map(({ id, mode, unavailability }) => ({
    info: { id, unavailability, mode: mode === 'down' ? MachineInfo_Mode.DOWN : MachineInfo_Mode.DRAINING },
  }));
  message.machines = makeMessage(wire.Registry_MachinesSchema, { machines });
  return message;
}
