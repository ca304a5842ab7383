/** What roles hold, are due and do not want: `allocator/mesos/roles/…`, `…/quota/roles/…`, `…/offer_filters/roles/…`. */
import type { LeadingMaster } from '../service/leading-master.ts';
import type { ClusterFigures } from './cluster-figures.ts';

/** By role, then by resource; thousandths. */
type Sums = Map<string, Map<string, number>>;

function add(sums: Sums, role: string, name: string, thousandths: number): void {
  let own = sums.get(role);
  if (own === undefined) {
    own = new Map();
    sums.set(role, own);
  }
  own.set(name, (own.get(name) ?? 0) + thousandths);
}

/** The empty name stands for all roles together, as in Mesos. */
function consumedFigures(figures: Map<string, number>, consumed: Sums): void {
  const all: Sums = new Map();
  for (const [role, amounts] of consumed) {
    for (const [name, thousandths] of amounts) {
      figures.set(`allocator/mesos/quota/roles/${role}/resources/${name}/consumed`, thousandths / 1000);
      add(all, '', name, thousandths);
    }
  }
  for (const [name, thousandths] of all.get('') ?? []) {
    figures.set(`allocator/mesos/quota/roles//resources/${name}/consumed`, thousandths / 1000);
  }
}

function quotaFigures(figures: Map<string, number>, master: LeadingMaster, held: Sums): void {
  for (const [role, { guarantees, limits }] of master.registrar.registry.settings.quotas) {
    const key = (name: string) => `allocator/mesos/quota/roles/${role}/resources/${name}`;
    for (const [name, { value }] of Object.entries(guarantees)) {
      figures.set(`${key(name)}/guarantee`, value);
      figures.set(`${key(name)}/offered_or_allocated`, (held.get(role)?.get(name) ?? 0) / 1000);
    }
    for (const [name, { value }] of Object.entries(limits)) {
      figures.set(`${key(name)}/limit`, value);
      figures.set(`${key(name)}/offered_or_allocated`, (held.get(role)?.get(name) ?? 0) / 1000);
    }
  }
}

export function roleFigures(
  figures: Map<string, number>,
  master: LeadingMaster,
  { held, consumed, total }: ClusterFigures,
): void {
  const roles = new Set<string>();
  for (const framework of master.core.state.frameworks.values()) {
    for (const role of framework.roles) roles.add(role);
  }
  for (const role of roles) {
    const whole = (name: string) => (total.get(name) ?? 0) + (total.get(`${name}_revocable`) ?? 0);
    const shares = [...(held.get(role) ?? [])].map(([name, amount]) => amount / (whole(name) || 1));
    figures.set(`allocator/mesos/roles/${role}/shares/dominant`, Math.max(0, ...shares));
  }
  for (const [role, count] of master.allocator.refusalsByRole()) {
    figures.set(`allocator/mesos/offer_filters/roles/${role}/active`, count);
  }
  consumedFigures(figures, consumed);
  quotaFigures(figures, master, held);
}
