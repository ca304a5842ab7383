import type { Random } from '@orchestrator/runtime/random';
import type { AgentEntry } from './agent-entry.ts';
import type { Subscription } from './subscription.ts';

/** Whom an agent is to be offered to: anybody, or those for whom something has changed. */
export type Whom = 'anybody' | ReadonlySet<Subscription>;

/** More than this many frameworks at once are no exception any more: everybody is asked. */
const fewSubscriptions = 8;

/**
 * What the next cycle looks at. An agent that has been offered to everybody who could take it is not looked at again
 * until something changes: what it has, what a framework wants, a refusal that is over. So an idle cycle costs nothing,
 * however large the cluster.
 */
export class Candidates {
  readonly #agents = new Map<AgentEntry, 'anybody' | Set<Subscription>>();
  readonly #everywhere = new Set<Subscription>();

  get isEmpty(): boolean {
    return this.#agents.size === 0 && this.#everywhere.size === 0;
  }

  /** What the agent has, or whom it may be offered to, has changed. */
  addAgent(agent: AgentEntry): void {
    this.#agents.set(agent, 'anybody');
  }

  /** Something has changed between these two only. */
  addPair(agent: AgentEntry, subscription: Subscription): void {
    const whom = this.#agents.get(agent);
    if (whom === undefined) this.#agents.set(agent, new Set([subscription]));
    else if (whom !== 'anybody') whom.add(subscription);
  }

  /** The framework wants to hear of all agents. */
  addEverywhere(subscription: Subscription): void {
    this.#everywhere.add(subscription);
  }

  removeAgent(agent: AgentEntry): void {
    this.#agents.delete(agent);
  }

  removeSubscription(subscription: Subscription): void {
    this.#everywhere.delete(subscription);
    for (const whom of this.#agents.values()) if (whom !== 'anybody') whom.delete(subscription);
  }

  /** Takes up to `most` agents, chosen and ordered by chance, so that no agent is always filled first. */
  take(all: Iterable<AgentEntry>, random: Random, most: number): [agent: AgentEntry, whom: Whom][] {
    const everywhere = new Set(this.#everywhere);
    const everybody = everywhere.size > fewSubscriptions;
    const taken: [AgentEntry, Whom][] = [];
    for (const agent of everywhere.size > 0 ? all : this.#agents.keys()) {
      if (!agent.isActive || agent.available.isEmpty) continue;
      const whom = this.#agents.get(agent);
      if (whom === 'anybody' || everybody) taken.push([agent, 'anybody']);
      else taken.push([agent, whom === undefined ? everywhere : new Set([...whom, ...everywhere])]);
    }
    this.#agents.clear();
    this.#everywhere.clear();
    shuffle(taken, random);
    for (const [agent, whom] of taken.splice(most)) {
      this.#agents.set(agent, whom === 'anybody' ? whom : new Set(whom));
    }
    return taken;
  }
}

export function shuffle<T>(items: T[], random: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const item = items[last] as T;
    items[last] = items[chosen] as T;
    items[chosen] = item;
  }
}
