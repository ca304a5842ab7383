import type { Resources } from '@orchestrator/mesos';
import { AgentEntry, type AgentFacts } from './agent-entry.ts';
import { type Amounts, addTo, amountsOf, isFree, ScalarNames, subtractFrom } from './amounts.ts';
import { QuotaBook } from './quota-book.ts';
import { ShareTree } from './share-tree.ts';
import { Subscription } from './subscription.ts';

/** An operation takes `consumed` out of what an agent has, and puts `converted` in its place. */
export interface Conversion {
  readonly consumed: Resources;
  readonly converted: Resources;
}

const nothingKnown = {
  roles: new Set<string>(),
  suppressedRoles: new Set<string>(),
  capabilities: new Set<never>(),
};

/** Who holds what on which agent, and what follows from it for shares, quota and what is free. */
export class Ledger {
  readonly names = new ScalarNames();
  readonly quota = new QuotaBook();
  readonly tree: ShareTree<Subscription>;
  readonly agents = new Map<string, AgentEntry>();
  /** By framework, then by role. */
  readonly frameworks = new Map<string, Map<string, Subscription>>();
  readonly #total: number[] = [];
  readonly #free: number[] = [];

  /** @param excluded - names of scalars that do not count for fairness. */
  constructor(excluded: readonly string[]) {
    this.tree = new ShareTree(new Set(excluded.map((name) => this.names.indexOf(name))));
  }

  /** The unreserved, non-revocable scalars that are available on all active agents. */
  get free(): Amounts {
    return this.#free;
  }

  /** Adds it, or changes what it has. */
  setAgent(agentId: string, facts: AgentFacts): AgentEntry {
    let agent = this.agents.get(agentId);
    if (agent === undefined) {
      agent = new AgentEntry(agentId, facts, this.names);
      this.agents.set(agentId, agent);
    } else {
      this.#uncount(agent);
      agent.setFacts(facts);
    }
    this.#count(agent);
    this.tree.setTotal(this.#total);
    return agent;
  }

  removeAgent(agent: AgentEntry): void {
    for (const [subscription, resources] of [...agent.holdings]) this.give(agent, subscription, resources);
    this.#uncount(agent);
    this.agents.delete(agent.id);
    this.tree.setTotal(this.#total);
  }

  setAgentActive(agent: AgentEntry, isActive: boolean): void {
    this.#uncountFree(agent);
    agent.isActive = isActive;
    this.#countFree(agent);
  }

  convertTotal(agent: AgentEntry, { consumed, converted }: Conversion): void {
    this.setAgent(agent.id, { ...agent.facts, total: agent.facts.total.minus(consumed).plus(converted) });
  }

  subscriptionOf(frameworkId: string, role: string): Subscription | undefined {
    return this.frameworks.get(frameworkId)?.get(role);
  }

  /** Tasks may run in a role that their framework has left, or whose framework is not back yet: it is made, and not served. */
  ensureSubscription(frameworkId: string, role: string): Subscription {
    let roles = this.frameworks.get(frameworkId);
    if (roles === undefined) {
      roles = new Map();
      this.frameworks.set(frameworkId, roles);
    }
    let subscription = roles.get(role);
    if (subscription === undefined) {
      subscription = new Subscription(role, frameworkId, nothingKnown);
      roles.set(role, subscription);
      this.tree.add(subscription);
    }
    return subscription;
  }

  /** A subscription that is left and holds nothing is forgotten. */
  forgetIfIdle(subscription: Subscription): void {
    if (subscription.isSubscribed || subscription.agentsHeldOn > 0) return;
    this.tree.remove(subscription);
    const roles = this.frameworks.get(subscription.frameworkId);
    roles?.delete(subscription.role);
    if (roles?.size === 0) this.frameworks.delete(subscription.frameworkId);
  }

  take(agent: AgentEntry, subscription: Subscription, resources: Resources): void {
    if (!agent.holdings.has(subscription)) subscription.agentsHeldOn++;
    this.#uncountFree(agent);
    agent.hold(subscription, resources);
    this.#countFree(agent);
    this.tree.allocate(subscription, amountsOf(resources, this.names));
    this.quota.consume(subscription.role, amountsOf(resources, this.names, isFree));
  }

  give(agent: AgentEntry, subscription: Subscription, resources: Resources): void {
    if (!agent.holdings.has(subscription)) return;
    this.#uncountFree(agent);
    const returned = agent.release(subscription, resources);
    this.#countFree(agent);
    this.tree.recover(subscription, amountsOf(returned, this.names));
    this.quota.release(subscription.role, amountsOf(returned, this.names, isFree));
    if (!agent.holdings.has(subscription)) subscription.agentsHeldOn--;
    this.forgetIfIdle(subscription);
  }

  #count(agent: AgentEntry): void {
    addTo(this.#total, amountsOf(agent.facts.total, this.names));
    for (const [role, amounts] of agent.reservations()) this.quota.consume(role, amounts);
    this.#countFree(agent);
  }

  #uncount(agent: AgentEntry): void {
    subtractFrom(this.#total, amountsOf(agent.facts.total, this.names));
    for (const [role, amounts] of agent.reservations()) this.quota.release(role, amounts);
    this.#uncountFree(agent);
  }

  #countFree(agent: AgentEntry): void {
    if (agent.isActive) addTo(this.#free, agent.free);
  }

  #uncountFree(agent: AgentEntry): void {
    if (agent.isActive) subtractFrom(this.#free, agent.free);
  }
}
