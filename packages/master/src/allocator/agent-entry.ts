import { type ResourceKind, Resources, reservationRole } from '@orchestrator/mesos';
import { type Amounts, addTo, amountsOf, isFree, type ScalarNames } from './amounts.ts';
import type { AgentTraits } from './offer-constraints.ts';
import type { Subscription } from './subscription.ts';

export type AgentCapability = 'MULTI_ROLE' | 'HIERARCHICAL_ROLE' | 'RESERVATION_REFINEMENT';

/** What the allocator has to know of an agent. */
export interface AgentFacts {
  readonly traits: AgentTraits;
  /** All it has, reservations and volumes included, allocated to nobody. */
  readonly total: Resources;
  readonly capabilities: ReadonlySet<AgentCapability>;
}

const isShared = (kind: ResourceKind) => kind.shared;
const isExclusive = (kind: ResourceKind) => !kind.shared;

/** An agent and who holds what of it. Shared volumes stay available however often they are held. */
export class AgentEntry {
  readonly id: string;
  readonly #names: ScalarNames;
  readonly #holdings = new Map<Subscription, Resources>();
  facts: AgentFacts;
  isActive = true;
  available: Resources;
  /** Counts the changes of `available`. */
  version = 0;
  /** The unreserved, non-revocable scalars of `available`. */
  free: Amounts = [];
  /** Nothing available is reserved, revocable or shared: whoever is served may have any of it. */
  isPlain = true;
  /** More is held than it has: an agent's old message told of tasks that had ended. What is given back may be held still. */
  #isOverheld = false;

  constructor(id: string, facts: AgentFacts, names: ScalarNames) {
    this.id = id;
    this.facts = facts;
    this.#names = names;
    this.available = facts.total;
    this.#availableChanged();
  }

  get holdings(): ReadonlyMap<Subscription, Resources> {
    return this.#holdings;
  }

  /** What its reservations, held or not, take of the quota of their roles. */
  *reservations(): Iterable<readonly [role: string, amounts: Amounts]> {
    const byRole = new Map<string, number[]>();
    for (const entry of this.facts.total) {
      const role = reservationRole(entry.kind);
      if (role === undefined || entry.kind.type !== 'scalar') continue;
      const sum = byRole.get(role) ?? [];
      addTo(sum, amountsOf(Resources.join([entry]), this.#names));
      byRole.set(role, sum);
    }
    yield* byRole;
  }

  setFacts(facts: AgentFacts): void {
    this.facts = facts;
    this.#countAvailable();
    this.#availableChanged();
  }

  #countAvailable(): void {
    const { total } = this.facts;
    const held = Resources.sum(this.#holdings.values()).filter(isExclusive);
    this.#isOverheld = !total.contains(held);
    this.available = total.filter(isExclusive).minus(held).plus(total.filter(isShared));
  }

  hold(by: Subscription, resources: Resources): void {
    this.#holdings.set(by, (this.#holdings.get(by) ?? Resources.none).plus(resources));
    const taken = resources.filter(isExclusive);
    if (!this.available.contains(taken)) this.#isOverheld = true;
    this.available = this.available.minus(taken);
    this.#availableChanged();
  }

  /** What was not held is not given back; returns what was. */
  release(by: Subscription, resources: Resources): Resources {
    const held = this.#holdings.get(by) ?? Resources.none;
    const returned = held.contains(resources) ? resources : held.minus(held.minus(resources));
    const rest = held.minus(returned);
    if (rest.isEmpty) this.#holdings.delete(by);
    else this.#holdings.set(by, rest);
    if (this.#isOverheld) this.#countAvailable();
    else this.available = this.available.plus(returned.filter(isExclusive));
    this.#availableChanged();
    return returned;
  }

  #availableChanged(): void {
    this.version++;
    this.free = amountsOf(this.available, this.#names, isFree);
    this.isPlain = true;
    for (const { kind } of this.available) {
      if (isFree(kind) && !kind.shared && !kind.exclusive) continue;
      this.isPlain = false;
      break;
    }
  }
}
