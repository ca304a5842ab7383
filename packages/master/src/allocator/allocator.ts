import type { Resources } from '@orchestrator/mesos';
import type { Random } from '@orchestrator/runtime/random';
import type { AgentEntry, AgentFacts } from './agent-entry.ts';
import { Candidates, shuffle, type Whom } from './candidates.ts';
import { Decisions } from './decisions.ts';
import { explainFramework, type FrameworkExplanation } from './explain-framework.ts';
import { explainTask, type TaskExplanation, type TaskRequirements } from './explain-task.ts';
import { type InverseOffer, InverseOffers, type Unavailability } from './inverse-offers.ts';
import { type Conversion, Ledger } from './ledger.ts';
import { judge, type Rules } from './offerable.ts';
import { quotaRoleOf } from './quota-book.ts';
import { Refusals } from './refusals.ts';
import type { FrameworkFacts, Quantities, Subscription } from './subscription.ts';

export interface AllocatorOptions {
  /** The order in which agents are looked at. */
  readonly random: Random;
  /** An offer holds at least one of these. Default: 0.01 cpus, or 32 mem. */
  readonly minAllocatable?: readonly Quantities[];
  /** A declined agent is not offered to the same framework again before this, whatever it asked for. Default 1,000. */
  readonly minRefusalMs?: number;
  /** Agents that quota has kept back are looked at again this often. Default 1,000. */
  readonly quotaReviewMs?: number;
  /** Offer agents with GPUs only to frameworks that say they can use them. Default true. */
  readonly keepsGpus?: boolean;
  /** The master's own region. */
  readonly region?: string;
  /** Scalars that do not count for fairness. Default: all count. */
  readonly fairSharingExcluded?: readonly string[];
}

export interface Allocation {
  readonly frameworkId: string;
  readonly role: string;
  readonly agentId: string;
  /** As the agent has them: the role that they are allocated to is not written into them. */
  readonly resources: Resources;
}

export interface Allocations {
  readonly offers: Allocation[];
  readonly inverseOffers: InverseOffer[];
}

/** Quota by scalar, in thousandths. What is not named has no guarantee and no limit. */
export interface Quota {
  readonly guarantees: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
}

const defaultMinAllocatable: readonly Quantities[] = [[['cpus', 10]], [['mem', 32_000]]];

/**
 * Decides which framework is offered what of which agent. Pure: events come in by its methods, `allocate` says what to
 * offer, and time and chance are arguments. What is offered counts as held until `release`.
 */
export class Allocator {
  readonly #options: AllocatorOptions;
  readonly #ledger: Ledger;
  readonly #candidates = new Candidates();
  readonly #refusals = new Refusals();
  readonly #inverse = new InverseOffers();
  readonly #decisions = new Decisions();
  readonly #rules: Rules;
  /** Quota has kept something of these back. */
  readonly #kept = new Set<AgentEntry>();
  #mayHaveEased = false;
  #nextReviewMs = 0;
  #isPaused = false;

  constructor(options: AllocatorOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.fairSharingExcluded ?? []);
    this.#rules = {
      ledger: this.#ledger,
      minAllocatable: options.minAllocatable ?? defaultMinAllocatable,
      keepsGpus: options.keepsGpus ?? true,
      region: options.region,
    };
  }

  // Frameworks

  /** Adds it, or changes what it wants. A role that it leaves keeps its share until what is held in it is released. */
  setFramework(frameworkId: string, facts: FrameworkFacts): void {
    const known = [...(this.#ledger.frameworks.get(frameworkId)?.values() ?? [])];
    const isActive = known.every((each) => each.isFrameworkActive);
    for (const role of facts.roles) {
      const subscription = this.#ledger.ensureSubscription(frameworkId, role);
      subscription.facts = facts;
      subscription.isSubscribed = true;
      subscription.isFrameworkActive = isActive;
      subscription.isSuppressed = facts.suppressedRoles.has(role);
      this.#serve(subscription);
    }
    for (const subscription of known) if (!facts.roles.has(subscription.role)) this.#leave(subscription);
  }

  /** What it holds is released as its tasks end; nothing is offered any more. */
  removeFramework(frameworkId: string): void {
    const roles = this.#ledger.frameworks.get(frameworkId)?.values() ?? [];
    for (const subscription of [...roles]) this.#leave(subscription);
    this.#inverse.forget(frameworkId);
  }

  /** Disconnected frameworks get no offers and keep what they hold. Refusals do not outlive the connection. */
  setFrameworkActive(frameworkId: string, isActive: boolean): void {
    for (const subscription of this.#ledger.frameworks.get(frameworkId)?.values() ?? []) {
      subscription.isFrameworkActive = isActive;
      if (!isActive) this.#refusals.forgetAll(subscription);
      this.#serve(subscription);
    }
    if (!isActive) this.#inverse.forget(frameworkId);
  }

  /** No offers for these roles; an empty list says all. */
  suppress(frameworkId: string, roles: readonly string[] = []): void {
    for (const subscription of this.#subscriptions(frameworkId, roles)) {
      subscription.isSuppressed = true;
      this.#serve(subscription);
    }
  }

  /** Offers again, and whatever was refused is forgotten; an empty list says all roles. */
  revive(frameworkId: string, roles: readonly string[] = []): void {
    for (const subscription of this.#subscriptions(frameworkId, roles)) {
      subscription.isSuppressed = false;
      this.#refusals.forgetAll(subscription);
      this.#serve(subscription);
    }
  }

  // Agents

  /** Adds it, or changes what it has. What is held is held still, also where the agent has no more of it. */
  setAgent(agentId: string, facts: AgentFacts): void {
    this.#offerAnew(this.#ledger.setAgent(agentId, facts));
  }

  /** What was held on it is released. */
  removeAgent(agentId: string): void {
    const agent = this.#ledger.agents.get(agentId);
    if (agent === undefined) return;
    this.#ledger.removeAgent(agent);
    this.#candidates.removeAgent(agent);
    this.#kept.delete(agent);
    this.#inverse.setUnavailability(agentId, undefined);
    for (const roles of this.#ledger.frameworks.values()) {
      for (const subscription of roles.values()) this.#refusals.forgetAgent(subscription, agentId);
    }
    this.#mayHaveEased = true;
  }

  /** Agents that are disconnected, deactivated or draining are not offered. */
  setAgentActive(agentId: string, isActive: boolean): void {
    const agent = this.#ledger.agents.get(agentId);
    if (agent === undefined || agent.isActive === isActive) return;
    this.#ledger.setAgentActive(agent, isActive);
    this.#offerAnew(agent);
  }

  /** `undefined`: it stays. Frameworks that hold something on it are asked to give it back. */
  setUnavailability(agentId: string, unavailability: Unavailability | undefined): void {
    this.#inverse.setUnavailability(agentId, unavailability);
    const agent = this.#ledger.agents.get(agentId);
    if (agent !== undefined) this.#offerAnew(agent);
  }

  // What is held

  /** Held by tasks already: an agent that comes back tells of them. */
  hold(frameworkId: string, role: string, agentId: string, resources: Resources): void {
    const agent = this.#ledger.agents.get(agentId);
    if (agent === undefined) return;
    this.#ledger.take(agent, this.#ledger.ensureSubscription(frameworkId, role), resources);
  }

  /**
   * Declined, unused or no longer in use.
   *
   * @param refusedUntilMs - the framework does not want so much of this agent again before then.
   */
  release(
    frameworkId: string,
    role: string,
    agentId: string,
    resources: Resources,
    refusedUntilMs?: number,
    nowMs = 0,
  ): void {
    const agent = this.#ledger.agents.get(agentId);
    const subscription = this.#ledger.subscriptionOf(frameworkId, role);
    if (agent === undefined || subscription === undefined) return;
    this.#ledger.give(agent, subscription, resources);
    if (refusedUntilMs !== undefined && subscription.isServed) {
      const untilMs = Math.max(refusedUntilMs, nowMs + (this.#options.minRefusalMs ?? 1000));
      this.#refusals.add(subscription, agentId, resources, untilMs);
    }
    this.#offerAnew(agent);
  }

  /** An operation has turned what a framework holds on an agent, and so what the agent has, into something else. */
  convert(frameworkId: string, role: string, agentId: string, conversion: Conversion): void {
    const agent = this.#ledger.agents.get(agentId);
    const subscription = this.#ledger.subscriptionOf(frameworkId, role);
    if (agent === undefined || subscription === undefined) return;
    this.#ledger.give(agent, subscription, conversion.consumed);
    this.#ledger.convertTotal(agent, conversion);
    this.hold(frameworkId, role, agentId, conversion.converted);
  }

  /** As `convert`, for resources that nobody holds; false, and nothing is changed, if they are not all available. */
  convertAvailable(agentId: string, conversion: Conversion): boolean {
    const agent = this.#ledger.agents.get(agentId);
    if (agent?.available.contains(conversion.consumed) !== true) return false;
    this.#ledger.convertTotal(agent, conversion);
    this.#offerAnew(agent);
    return true;
  }

  /** What nobody holds or is offered; `undefined` for an agent that is not known. */
  availableOn(agentId: string): Resources | undefined {
    return this.#ledger.agents.get(agentId)?.available;
  }

  inverseOfferAnswered(frameworkId: string, agentId: string, quietUntilMs: number): void {
    this.#inverse.answered(frameworkId, agentId, quietUntilMs);
  }

  // Policy

  setWeight(role: string, weight: number): void {
    this.#ledger.tree.setWeight(role, weight);
  }

  /** Of a top-level role; `undefined` takes it away. What is held already is not taken back. */
  setQuota(role: string, quota: Quota | undefined): void {
    this.#ledger.quota.set(
      role,
      quota && {
        guarantees: this.#amounts(quota.guarantees, 0),
        limits: this.#amounts(quota.limits, Number.POSITIVE_INFINITY),
      },
    );
    for (const agent of this.#ledger.agents.values()) this.#candidates.addAgent(agent);
  }

  /** By role: agents that its frameworks do not want to be offered for a while. */
  refusalsByRole(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const roles of this.#ledger.frameworks.values()) {
      for (const [role, { refusals }] of roles) counts.set(role, (counts.get(role) ?? 0) + refusals.size);
    }
    return counts;
  }

  /** Nothing is offered while it is paused: too few agents are back after a fail-over to be fair. */
  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  // Explanations

  /** Why the framework is not offered more than it is; `undefined` for one that is not known. */
  explainFramework(frameworkId: string, nowMs: number): FrameworkExplanation | undefined {
    return explainFramework(this.#rules, this.#decisions, frameworkId, nowMs);
  }

  /** What keeps a task from being offered enough. */
  explainTask(task: TaskRequirements): TaskExplanation {
    return explainTask(this.#rules, task);
  }

  // The cycle

  /** When `allocate` has something to do: `undefined` while nothing changes. */
  nextDueMs(nowMs: number): number | undefined {
    if (this.#isPaused) return undefined;
    if (!this.#candidates.isEmpty) return nowMs;
    const review = this.#mayHaveEased && this.#kept.size > 0 ? this.#nextReviewMs : undefined;
    const times = [this.#refusals.nextDueMs, this.#inverse.nextDueMs, review].filter(
      (each) => each !== undefined,
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * What to offer now. All of it counts as held from here on.
   *
   * @param mostAgents - that are looked at; the others are due at once. Bounds how long a call takes: 10,000 agents come to
   *   some 200 ms.
   */
  allocate(nowMs: number, mostAgents = Number.POSITIVE_INFINITY): Allocations {
    if (this.#isPaused) return { offers: [], inverseOffers: [] };
    this.#refusalsAreOver(nowMs);
    this.#reviewKept(nowMs);
    const work = this.#candidates.take(this.#ledger.agents.values(), this.#options.random, mostAgents);
    const offers: Allocation[] = [];
    if (this.#ledger.quota.unsatisfied.size > 0) {
      for (const [agent, whom] of work) {
        if (this.#ledger.quota.unsatisfied.size === 0) break;
        this.#offer(agent, whom, 'guarantees', nowMs, offers);
      }
      shuffle(work, this.#options.random);
    }
    for (const [agent, whom] of work) this.#offer(agent, whom, 'fair share', nowMs, offers);
    const inverseOffers = [...this.#inverse.due(nowMs, (agentId) => this.#holdersOf(agentId))];
    return { offers, inverseOffers };
  }

  #offer(
    agent: AgentEntry,
    whom: Whom,
    stage: 'guarantees' | 'fair share',
    nowMs: number,
    offers: Allocation[],
  ): void {
    if (agent.available.isEmpty) return;
    // Asked for some only, it may still be kept from others.
    if (whom === 'anybody') this.#kept.delete(agent);
    const offerTo = (subscription: Subscription): 'next' | 'stop' => {
      if (stage === 'guarantees' && !this.#isPromised(subscription, agent)) return 'next';
      const verdict = judge(this.#rules, subscription, agent);
      if (verdict.isCut) this.#kept.add(agent);
      if ('obstacle' in verdict) return 'next';
      const { frameworkId, role } = subscription;
      const share = this.#ledger.tree.shareOfRole(role);
      this.#decisions.add({ atMs: nowMs, agentId: agent.id, to: subscription, stage, share });
      this.#ledger.take(agent, subscription, verdict.offer);
      offers.push({ frameworkId, role, agentId: agent.id, resources: verdict.offer });
      return agent.available.isEmpty ? 'stop' : 'next';
    };
    if (whom === 'anybody') this.#ledger.tree.visit(offerTo);
    else
      for (const subscription of this.#ledger.tree.inOrder(whom)) if (offerTo(subscription) === 'stop') break;
  }

  /** The role still lacks some of what it is promised, and the agent has it. */
  #isPromised({ role }: Subscription, { free }: AgentEntry): boolean {
    if (!this.#ledger.quota.unsatisfied.has(quotaRoleOf(role))) return false;
    return free.some((amount, index) => amount > 0 && this.#ledger.quota.guaranteeLeft(role, index) > 0);
  }

  #refusalsAreOver(nowMs: number): void {
    for (const [subscription, agentId] of this.#refusals.takeDue(nowMs)) {
      const agent = this.#ledger.agents.get(agentId);
      if (agent !== undefined && subscription.isServed) this.#candidates.addPair(agent, subscription);
    }
  }

  #reviewKept(nowMs: number): void {
    if (!this.#mayHaveEased || this.#kept.size === 0 || nowMs < this.#nextReviewMs) return;
    this.#mayHaveEased = false;
    this.#nextReviewMs = nowMs + (this.#options.quotaReviewMs ?? 1000);
    for (const agent of this.#kept) this.#candidates.addAgent(agent);
  }

  #holdersOf(agentId: string): string[] {
    return [...(this.#ledger.agents.get(agentId)?.holdings.keys() ?? [])].map(
      ({ frameworkId }) => frameworkId,
    );
  }

  #subscriptions(frameworkId: string, roles: readonly string[]): Subscription[] {
    const all = [...(this.#ledger.frameworks.get(frameworkId)?.values() ?? [])];
    return all.filter(
      ({ isSubscribed, role }) => isSubscribed && (roles.length === 0 || roles.includes(role)),
    );
  }

  #serve(subscription: Subscription): void {
    this.#ledger.tree.setActive(subscription, subscription.isServed);
    if (subscription.isServed) this.#candidates.addEverywhere(subscription);
    else this.#candidates.removeSubscription(subscription);
  }

  #leave(subscription: Subscription): void {
    subscription.isSubscribed = false;
    this.#refusals.forgetAll(subscription);
    this.#serve(subscription);
    this.#ledger.forgetIfIdle(subscription);
  }

  #offerAnew(agent: AgentEntry): void {
    this.#mayHaveEased = true;
    if (agent.isActive) this.#candidates.addAgent(agent);
  }

  #amounts(byName: ReadonlyMap<string, number>, absent: number): number[] {
    const amounts: number[] = [];
    for (const [name, thousandths] of byName) {
      const index = this.#ledger.names.indexOf(name);
      while (amounts.length <= index) amounts.push(absent);
      amounts[index] = thousandths;
    }
    return amounts;
  }
}
