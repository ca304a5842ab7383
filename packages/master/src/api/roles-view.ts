/** Roles as both APIs show them: who is in them, and what they hold. */
import { type quota, Resources } from '@orchestrator/mesos';
import type { MasterState } from '../core/context.ts';
import { sumSliced } from '../core/views.ts';
import type { Registry } from '../registrar/registry.ts';

export interface RoleView {
  readonly name: string;
  readonly weight: number;
  readonly frameworks: readonly string[];
  /** Allocated and offered. */
  readonly allocated: Resources;
  readonly offered: Resources;
  /** Reserved for the role, held or not; allocated to nobody. */
  readonly reserved: Resources;
  readonly quota: quota.QuotaConfigValid | undefined;
}

const agentsAtOnce = 64;

/** Every role with a framework, a weight, a quota, a reservation or something allocated, by name. Yields now and then. */
export function* viewRoles(state: MasterState, { settings }: Registry): Generator<undefined, RoleView[]> {
  const names = new Set([...settings.weights.keys(), ...settings.quotas.keys()]);
  const frameworks = new Map<string, string[]>();
  const allocated = new Map<string, Resources[]>();
  const offered = new Map<string, Resources[]>();
  const reserved = new Map<string, Resources[]>();
  const add = <Value>(map: Map<string, Value[]>, role: string, value: Value) => {
    names.add(role);
    const list = map.get(role);
    if (list === undefined) map.set(role, [value]);
    else list.push(value);
  };
  for (const framework of state.frameworks.values()) {
    for (const role of framework.roles) add(frameworks, role, framework.id);
  }
  for (const offer of state.offers.values()) add(offered, offer.role, offer.resources);
  let agents = 0;
  for (const agent of state.agents.values()) {
    if (agents++ % agentsAtOnce === 0) yield;
    for (const used of agent.used.values()) {
      for (const entry of used) add(allocated, entry.kind.allocatedTo ?? '*', Resources.join([entry]));
    }
    for (const entry of agent.total) {
      const role = entry.kind.reservations.at(-1)?.role;
      if (role !== undefined) add(reserved, role, Resources.join([entry]));
    }
  }
  const roles: RoleView[] = [];
  for (const name of [...names].sort()) {
    roles.push({
      name,
      weight: settings.weights.get(name) ?? 1,
      frameworks: frameworks.get(name) ?? [],
      allocated: yield* sumSliced(allocated.get(name) ?? []),
      offered: yield* sumSliced(offered.get(name) ?? []),
      reserved: yield* sumSliced(reserved.get(name) ?? []),
      quota: settings.quotas.get(name),
    });
  }
  return roles;
}
