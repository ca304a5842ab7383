import type { Resources } from '@orchestrator/mesos';
import type { OfferConstraintsFilter } from './offer-constraints.ts';
import type { Leaf } from './share-node.ts';

export type FrameworkCapability =
  | 'REVOCABLE_RESOURCES'
  | 'GPU_RESOURCES'
  | 'SHARED_RESOURCES'
  | 'MULTI_ROLE'
  | 'RESERVATION_REFINEMENT'
  | 'REGION_AWARE';

/** Thousandths by name. */
export type Quantities = readonly (readonly [name: string, thousandths: number])[];

/** What the allocator has to know of a framework. */
export interface FrameworkFacts {
  readonly roles: ReadonlySet<string>;
  readonly suppressedRoles: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<FrameworkCapability>;
  /** Undefined: any agent will do. */
  readonly offerConstraints?: OfferConstraintsFilter | undefined;
  /** By role: an offer holds at least one of these. A role that is not named has the allocator's default. */
  readonly minAllocatable?: ReadonlyMap<string, readonly Quantities[]> | undefined;
}

/** So much of an agent is not to be offered again for a while. */
export interface Refusal {
  readonly resources: Resources;
  readonly untilMs: number;
  /** The version of the agent that it was last found to cover, so that it need not be compared again. */
  coversVersion: number;
}

/** A framework in one of its roles, with what it has refused. */
export class Subscription implements Leaf {
  readonly role: string;
  readonly frameworkId: string;
  facts: FrameworkFacts;
  /** False when the framework is not in the role (any more); what it holds counts for its share until it is given back. */
  isSubscribed = false;
  isFrameworkActive = true;
  isSuppressed = false;
  /** How many agents it holds something on. */
  agentsHeldOn = 0;
  /** By agent; kept by `Refusals`. */
  readonly refusals = new Map<string, readonly Refusal[]>();

  constructor(role: string, frameworkId: string, facts: FrameworkFacts) {
    this.role = role;
    this.frameworkId = frameworkId;
    this.facts = facts;
  }

  get isServed(): boolean {
    return this.isSubscribed && this.isFrameworkActive && !this.isSuppressed;
  }
}
