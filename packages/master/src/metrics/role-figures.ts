/** What roles hold, are due and do not want: `allocator/mesos/roles/…`, `…/quota/roles/…`, `…/offer_filters/roles/…`. */
import type { Resources } from '@orchestrator/mesos';
import type { LeadingMaster } from '../service/leading-master.ts';

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

/** Scalars without a loop over ranges, of which agents have thousands. */
function addScalars(
  resources: Resources,
  add: (name: string, thousandths: number, kind: Kind) => void,
): void {
  for (const { kind, thousandths } of resources)
    if (kind.type === 'scalar') add(kind.name, thousandths, kind);
}

type Kind = Parameters<Parameters<Resources['filter']>[0]>[0];

interface Totals {
  /** Offered and allocated. */
  readonly held: Sums;
  /** Reserved, or allocated without a reservation: what quota counts. */
  readonly consumed: Sums;
  readonly total: ReadonlyMap<string, number>;
}

function totalsOf({ core }: LeadingMaster): Totals {
  const [held, consumed, total]: [Sums, Sums, Map<string, number>] = [new Map(), new Map(), new Map()];
  for (const agent of core.state.agents.values()) {
    addScalars(agent.total, (name, thousandths, { reservations }) => {
      total.set(name, (total.get(name) ?? 0) + thousandths);
      const role = reservations.at(-1)?.role;
      if (role !== undefined) add(consumed, role, name, thousandths);
    });
    for (const used of agent.used.values()) {
      addScalars(used, (name, thousandths, { allocatedTo = '*', reservations }) => {
        add(held, allocatedTo, name, thousandths);
        if (reservations.length === 0) add(consumed, allocatedTo, name, thousandths);
      });
    }
  }
  for (const offer of core.state.offers.values()) {
    addScalars(offer.resources, (name, thousandths) => add(held, offer.role, name, thousandths));
  }
  return { held, consumed, total };
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

export function roleFigures(figures: Map<string, number>, master: LeadingMaster): void {
  const { held, consumed, total } = totalsOf(master);
  const roles = new Set<string>();
  for (const framework of master.core.state.frameworks.values()) {
    for (const role of framework.roles) roles.add(role);
  }
  for (const role of roles) {
    const shares = [...(held.get(role) ?? [])].map(([name, amount]) => amount / (total.get(name) || 1));
    figures.set(`allocator/mesos/roles/${role}/shares/dominant`, Math.max(0, ...shares));
  }
  for (const [role, count] of master.allocator.refusalsByRole()) {
    figures.set(`allocator/mesos/offer_filters/roles/${role}/active`, count);
  }
  consumedFigures(figures, consumed);
  quotaFigures(figures, master, held);
}
