import type { Resources } from '@orchestrator/mesos';
import { DeadlineHeap } from './deadline-heap.ts';
import type { Refusal, Subscription } from './subscription.ts';

interface Timed {
  readonly by: Subscription;
  readonly agentId: string;
  readonly refusal: Refusal;
}

/** A framework declines the same agent with other amounts each time; more refusals than this are forgotten, oldest first. */
const mostRefusalsOfAgent = 16;
/** Deadlines of refusals that are gone may wait until there are this many more of them than of others. */
const mostStale = 10_000;

/** What frameworks do not want to be offered again for a while. */
export class Refusals {
  #deadlines = new DeadlineHeap<Timed>();
  #count = 0;

  /** How many are in force. */
  get count(): number {
    return this.#count;
  }

  get nextDueMs(): number | undefined {
    return this.#deadlines.nextAtMs;
  }

  add(by: Subscription, agentId: string, resources: Resources, untilMs: number): void {
    const refusal: Refusal = { resources, untilMs, coversVersion: -1 };
    const known = by.refusals.get(agentId) ?? [];
    const others = known
      .filter((each) => each.untilMs > untilMs || !resources.contains(each.resources))
      .slice(1 - mostRefusalsOfAgent);
    by.refusals.set(agentId, [...others, refusal]);
    this.#count += 1 + others.length - known.length;
    this.#deadlines.add(untilMs, { by, agentId, refusal });
    if (this.#deadlines.size > 2 * this.#count + mostStale) this.#dropStale();
  }

  forgetAll(by: Subscription): void {
    for (const agentId of [...by.refusals.keys()]) this.forgetAgent(by, agentId);
  }

  forgetAgent(by: Subscription, agentId: string): void {
    this.#count -= by.refusals.get(agentId)?.length ?? 0;
    by.refusals.delete(agentId);
  }

  /** Takes out what is over; who it was and which agent may be offered again. */
  *takeDue(nowMs: number): Iterable<readonly [by: Subscription, agentId: string]> {
    for (let due = this.#deadlines.takeDue(nowMs); due !== undefined; due = this.#deadlines.takeDue(nowMs)) {
      const { by, agentId, refusal } = due;
      const others = by.refusals.get(agentId)?.filter((each) => each !== refusal);
      if (others === undefined || others.length === by.refusals.get(agentId)?.length) continue;
      if (others.length === 0) by.refusals.delete(agentId);
      else by.refusals.set(agentId, others);
      this.#count--;
      yield [by, agentId];
    }
  }

  #dropStale(): void {
    const fresh = new DeadlineHeap<Timed>();
    for (const due of this.#deadlines) {
      const { by, agentId, refusal } = due;
      if (by.refusals.get(agentId)?.includes(refusal)) fresh.add(refusal.untilMs, due);
    }
    this.#deadlines = fresh;
  }
}

/**
 * The refusal that covers all of `resources`.
 *
 * @param version - of the agent, where `resources` is all it has at that version.
 */
export function findRefusal(
  by: Subscription,
  agentId: string,
  resources: Resources,
  version?: number,
): Refusal | undefined {
  const refusals = by.refusals.get(agentId);
  if (refusals === undefined) return undefined;
  for (const refusal of refusals) {
    if (refusal.coversVersion === version) return refusal;
    if (!refusal.resources.contains(resources)) continue;
    if (version !== undefined) refusal.coversVersion = version;
    return refusal;
  }
  return undefined;
}
