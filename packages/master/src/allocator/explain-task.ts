import { isAllocatableTo, Resources } from '@orchestrator/mesos';
import type { AgentEntry } from './agent-entry.ts';
import type { AgentTraits } from './offer-constraints.ts';
import type { Rules } from './offerable.ts';
import type { Quantities } from './subscription.ts';

/** What a task needs. */
export interface TaskRequirements {
  readonly role: string;
  /** Thousandths of each scalar; how many ports or items of a set, times a thousand. */
  readonly resources: Quantities;
  /** Conditions of the framework on the agent, each with a text for people. */
  readonly conditions?: readonly { readonly text: string; readonly holds: (agent: AgentTraits) => boolean }[];
}

/** One requirement, held against every agent by itself. */
export interface RequirementExplanation {
  /** The name of the resource, or the text of the condition. */
  readonly requirement: string;
  /** Agents that could never meet it, however empty; and those that could, but not now. */
  readonly neverMetBy: number;
  readonly notNowMetBy: number;
  /** Of a resource, in thousandths: what is wanted, and the most that one agent has, free now and in all. */
  readonly amounts?: { readonly wanted: number; readonly mostAvailable: number; readonly mostTotal: number };
}

/** An agent that lacks little. */
export interface NearMiss {
  readonly agentId: string;
  /** Thousandths by name that are not free on it. */
  readonly missing: Quantities;
  /** Conditions that it does not meet. */
  readonly unmet: readonly string[];
  /** It would do if nothing else ran on it. */
  readonly wouldDoWhenEmpty: boolean;
}

export interface TaskExplanation {
  readonly activeAgents: number;
  /** Agents that meet all requirements now, and those that would if nothing else ran on them. */
  readonly fitsNow: number;
  readonly fitsWhenEmpty: number;
  /** The one that most agents fail first. */
  readonly requirements: readonly RequirementExplanation[];
  readonly nearest: readonly NearMiss[];
}

const mostNearMisses = 5;

interface Fit extends NearMiss {
  /** The largest part of one wanted resource that is missing, and a whole for each condition that is not met. */
  readonly distance: number;
}

export function explainTask(rules: Rules, task: TaskRequirements): TaskExplanation {
  const agents = [...rules.ledger.agents.values()].filter(({ isActive }) => isActive);
  const usable = agents.map((agent) => usableOn(agent, task.role));
  const fits = agents.map((agent, index) => fitOf(agent, usable[index] ?? noneUsable, task));
  const conditions = task.conditions ?? [];
  const requirements = [
    ...task.resources.map(([name, wanted]) => {
      const available = usable.map((each) => each.available.quantity(name));
      const total = usable.map((each) => each.total.quantity(name));
      const neverMetBy = total.filter((amount) => amount < wanted).length;
      return {
        requirement: name,
        neverMetBy,
        notNowMetBy: available.filter((amount) => amount < wanted).length - neverMetBy,
        amounts: { wanted, mostAvailable: largest(available), mostTotal: largest(total) },
      };
    }),
    ...conditions.map(({ text, holds }) => ({
      requirement: text,
      neverMetBy: agents.filter(({ facts }) => !holds(facts.traits)).length,
      notNowMetBy: 0,
    })),
  ].sort((a, b) => b.neverMetBy - a.neverMetBy || b.notNowMetBy - a.notNowMetBy);
  const misses = fits.filter(({ distance }) => distance > 0).sort((a, b) => a.distance - b.distance);
  return {
    activeAgents: agents.length,
    fitsNow: fits.length - misses.length,
    fitsWhenEmpty: fits.filter(({ wouldDoWhenEmpty }) => wouldDoWhenEmpty).length,
    requirements,
    nearest: misses.slice(0, mostNearMisses).map(({ distance, ...miss }) => miss),
  };
}

interface Usable {
  readonly available: Resources;
  readonly total: Resources;
}

const noneUsable: Usable = { available: Resources.none, total: Resources.none };

/** What tasks of the role may use, free now and in all. */
function usableOn(agent: AgentEntry, role: string): Usable {
  return {
    available: agent.available.filter((kind) => isAllocatableTo(kind, role)),
    total: agent.facts.total.filter((kind) => isAllocatableTo(kind, role)),
  };
}

function fitOf(agent: AgentEntry, { available, total }: Usable, task: TaskRequirements): Fit {
  const missing: [string, number][] = [];
  let distance = 0;
  let isLargeEnough = true;
  for (const [name, wanted] of task.resources) {
    const lacking = wanted - available.quantity(name);
    if (lacking > 0) {
      missing.push([name, lacking]);
      distance = Math.max(distance, lacking / wanted);
    }
    if (total.quantity(name) < wanted) isLargeEnough = false;
  }
  const unmet = (task.conditions ?? []).filter(({ holds }) => !holds(agent.facts.traits));
  return {
    agentId: agent.id,
    missing,
    unmet: unmet.map(({ text }) => text),
    wouldDoWhenEmpty: isLargeEnough && unmet.length === 0,
    distance: distance + unmet.length,
  };
}

const largest = (amounts: readonly number[]) => amounts.reduce((most, each) => Math.max(most, each), 0);
