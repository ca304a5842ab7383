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

  /**
   * Takes up to `most` agents, chosen and ordered by chance, so that no agent is always filled first. What it leaves is not
   * copied or shuffled: a large cluster is taken in dozens of portions, one after the other.
   */
  take(all: Iterable<AgentEntry>, random: Random, most: number): [agent: AgentEntry, whom: Whom][] {
    this.#spread(all);
    const ready: AgentEntry[] = [];
    for (const agent of this.#agents.keys()) {
      if (agent.isActive && !agent.available.isEmpty) ready.push(agent);
      else this.#agents.delete(agent);
    }
    const count = Math.min(most, ready.length);
    drawLast(ready, count, random);
    return ready.slice(ready.length - count).map((agent) => {
      const whom = this.#agents.get(agent) ?? 'anybody';
      this.#agents.delete(agent);
      return [agent, whom];
    });
  }

  /** Those that want to hear of all agents, with each agent. */
  #spread(all: Iterable<AgentEntry>): void {
    if (this.#everywhere.size === 0) return;
    const everybody = this.#everywhere.size > fewSubscriptions;
    for (const agent of all) {
      if (everybody) this.addAgent(agent);
      else for (const subscription of this.#everywhere) this.addPair(agent, subscription);
    }
    this.#everywhere.clear();
  }
}

/** Puts `count` of them, chosen and ordered by chance, at the end. */
function drawLast<T>(items: T[], count: number, random: Random): void {
  for (let last = items.length - 1; last > 0 && last >= items.length - count; last--) {
    const chosen = random.below(last + 1);
    const item = items[last] as T;
    items[last] = items[chosen] as T;
    items[chosen] = item;
  }
}

export function shuffle<T>(items: T[], random: Random): void {
  drawLast(items, items.length, random);
}
