import { isAllocatableTo, type ResourceEntry, type ResourceKind, Resources } from '@orchestrator/mesos';
import type { AgentEntry } from './agent-entry.ts';
import { isFree } from './amounts.ts';
import type { Ledger } from './ledger.ts';
import type { Obstacle } from './obstacle.ts';
import { findRefusal } from './refusals.ts';
import type { Quantities, Subscription } from './subscription.ts';

/** All that decides whether an agent can be offered, but for the agent and the framework. */
export interface Rules {
  readonly ledger: Ledger;
  /** An offer holds at least one of these; empty: anything is enough. */
  readonly minAllocatable: readonly Quantities[];
  readonly keepsGpus: boolean;
  /** The master's own region; undefined: it has none, and none is held against an agent. */
  readonly region: string | undefined;
}

/** `isCut`: quota has kept some of the agent back, so that the verdict is another one when quota has room again. */
export type Verdict = { readonly isCut: boolean } & (
  | { readonly offer: Resources }
  | { readonly obstacle: Obstacle }
);

const refuse = (obstacle: Obstacle): Verdict => ({ obstacle, isCut: obstacle.kind === 'quota' });
const nothingAvailable = refuse({ kind: 'nothing-available' });
const inactive = refuse({ kind: 'agent-inactive' });
const gpusKept = refuse({ kind: 'gpus-kept' });
const constraintsFail = refuse({ kind: 'offer-constraints' });
const tooSmall = refuse({ kind: 'too-small' });
const special = refuse({ kind: 'reserved-or-special' });

/** What the agent would be offered with, or what stands in the way. The cheap reasons are looked for first. */
export function judge(rules: Rules, to: Subscription, agent: AgentEntry): Verdict {
  if (!agent.isActive) return inactive;
  if (agent.available.isEmpty) return nothingAvailable;
  const refusal = findRefusal(to, agent.id, agent.available, agent.version);
  if (refusal !== undefined) return refuse({ kind: 'refused', untilMs: refusal.untilMs });
  return mismatch(rules, to, agent) ?? portion(rules, to, agent);
}

function mismatch({ keepsGpus, region }: Rules, to: Subscription, agent: AgentEntry): Verdict | undefined {
  const { capabilities, offerConstraints } = to.facts;
  const { traits, total, capabilities: agentCapabilities } = agent.facts;
  if (capabilities.has('MULTI_ROLE') && !agentCapabilities.has('MULTI_ROLE')) {
    return refuse({ kind: 'agent-capability', missing: 'MULTI_ROLE' });
  }
  if (to.role.includes('/') && !agentCapabilities.has('HIERARCHICAL_ROLE')) {
    return refuse({ kind: 'agent-capability', missing: 'HIERARCHICAL_ROLE' });
  }
  if (keepsGpus && !capabilities.has('GPU_RESOURCES') && total.thousandths('gpus') > 0) return gpusKept;
  if (region !== undefined && traits.region !== region && !capabilities.has('REGION_AWARE')) {
    return refuse({ kind: 'other-region', region: traits.region });
  }
  return offerConstraints === undefined || offerConstraints(to.role, traits) ? undefined : constraintsFail;
}

function portion(rules: Rules, to: Subscription, agent: AgentEntry): Verdict {
  const { quota } = rules.ledger;
  const isBounded = quota.hasGuarantees || quota.quotaOf(to.role) !== undefined;
  const cut: string[] = [];
  const offer =
    agent.isPlain && !isBounded
      ? agent.available
      : Resources.join(usableEntries(rules, to, agent, isBounded, cut));
  if (offer.isEmpty) return cut.length > 0 ? refuse({ kind: 'quota', resources: cut }) : special;
  const least = to.facts.minAllocatable?.get(to.role) ?? rules.minAllocatable;
  if (least.length > 0 && !least.some((quantities) => offer.containsQuantities(quantities))) {
    return cut.length > 0 ? refuse({ kind: 'quota', resources: cut }) : tooSmall;
  }
  if (offer !== agent.available) {
    // A part may be covered by a refusal that does not cover all, nor the larger part when quota has room again.
    const refusal = findRefusal(to, agent.id, offer);
    if (refusal !== undefined) {
      return { obstacle: { kind: 'refused', untilMs: refusal.untilMs }, isCut: cut.length > 0 };
    }
  }
  return { offer, isCut: cut.length > 0 };
}

function* usableEntries(
  rules: Rules,
  to: Subscription,
  agent: AgentEntry,
  isBounded: boolean,
  cut: string[],
): Iterable<ResourceEntry> {
  for (const entry of agent.available) {
    const { kind } = entry;
    if (!canUse(to, kind)) continue;
    if (!isBounded || kind.type !== 'scalar' || !isFree(kind)) {
      yield entry;
      continue;
    }
    const allowed = allowance(rules.ledger, to.role, rules.ledger.names.indexOf(kind.name));
    if (allowed >= entry.thousandths) {
      yield entry;
      continue;
    }
    cut.push(kind.name);
    if (!kind.exclusive && allowed > 0) yield { ...entry, thousandths: allowed };
  }
}

function canUse({ role, facts: { capabilities } }: Subscription, kind: ResourceKind): boolean {
  if (kind.shared && !capabilities.has('SHARED_RESOURCES')) return false;
  if (kind.revocable && !capabilities.has('REVOCABLE_RESOURCES')) return false;
  if (kind.reservations.length > 1 && !capabilities.has('RESERVATION_REFINEMENT')) return false;
  return isAllocatableTo(kind, role);
}

/**
 * How much of a free scalar the role may be given: what is promised to it, and beyond that, up to its limit, what is
 * promised to nobody else.
 */
function allowance({ quota, free }: Ledger, role: string, index: number): number {
  const promised = quota.guaranteeLeft(role, index);
  const surplus = Math.max(0, (free[index] ?? 0) - (quota.requiredHeadroom[index] ?? 0));
  return Math.min(promised + surplus, quota.limitLeft(role, index));
}
