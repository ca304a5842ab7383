import type { AgentEntry } from './agent-entry.ts';
import type { Decisions } from './decisions.ts';
import { detailOf, type ObstacleKind } from './obstacle.ts';
import { judge, type Rules } from './offerable.ts';
import type { Subscription } from './subscription.ts';

/** Agents that one thing keeps from being offered. */
export interface ObstacleCount {
  readonly kind: ObstacleKind;
  readonly agents: number;
  /** A few of them, with what is special about each: when a refusal is over, which resources quota keeps back. */
  readonly examples: readonly { readonly agentId: string; readonly detail: string }[];
}

export interface RoleExplanation {
  readonly role: string;
  /** Whether it is asked at all; if not, why. */
  readonly state: 'asked' | 'suppressed' | 'framework-inactive';
  /** Of the role with all below it, divided by its weight: the lowest is served first. */
  readonly roleShare: number;
  readonly frameworkShare: number;
  /** Agents that would be offered at the next cycle. */
  readonly offerableAgents: number;
  /** The most frequent first. */
  readonly obstacles: readonly ObstacleCount[];
}

/** Somebody else was offered an agent. */
export interface WentElsewhere {
  readonly atMs: number;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly role: string;
  readonly because: 'guarantee' | 'lower-share' | 'its-turn';
  /** The other role's share when it was served. */
  readonly share: number;
}

export interface FrameworkExplanation {
  readonly frameworkId: string;
  readonly atMs: number;
  readonly roles: readonly RoleExplanation[];
  /** The last offers to others, the latest first. */
  readonly wentElsewhere: readonly WentElsewhere[];
}

const mostExamples = 3;
const mostElsewhere = 10;

export function explainFramework(
  rules: Rules,
  decisions: Decisions,
  frameworkId: string,
  nowMs: number,
): FrameworkExplanation | undefined {
  const subscriptions = [...(rules.ledger.frameworks.get(frameworkId)?.values() ?? [])].filter(
    ({ isSubscribed }) => isSubscribed,
  );
  if (subscriptions.length === 0) return undefined;
  const roles = subscriptions.map((subscription) => explainRole(rules, subscription));
  const lowestShare = Math.min(...roles.map(({ roleShare }) => roleShare));
  const wentElsewhere: WentElsewhere[] = [];
  for (const { atMs, agentId, to, stage, share } of decisions.latest()) {
    if (to.frameworkId === frameworkId) continue;
    const other = { atMs, agentId, frameworkId: to.frameworkId, role: to.role, share };
    const byShare = share < lowestShare ? 'lower-share' : 'its-turn';
    wentElsewhere.push({ ...other, because: stage === 'guarantees' ? 'guarantee' : byShare });
    if (wentElsewhere.length === mostElsewhere) break;
  }
  return { frameworkId, atMs: nowMs, roles, wentElsewhere };
}

function explainRole(rules: Rules, subscription: Subscription): RoleExplanation {
  const counts = new Map<ObstacleKind, { agents: number; examples: { agentId: string; detail: string }[] }>();
  let offerableAgents = 0;
  for (const agent of rules.ledger.agents.values()) {
    const verdict = judge(rules, subscription, agent);
    if ('offer' in verdict) {
      offerableAgents++;
      continue;
    }
    const { obstacle } = verdict;
    const count = counts.get(obstacle.kind) ?? { agents: 0, examples: [] };
    counts.set(obstacle.kind, count);
    count.agents++;
    if (count.examples.length < mostExamples) {
      const detail = obstacle.kind === 'nothing-available' ? holdersOf(agent) : detailOf(obstacle);
      count.examples.push({ agentId: agent.id, detail });
    }
  }
  const { role } = subscription;
  return {
    role,
    state: subscription.isServed ? 'asked' : subscription.isSuppressed ? 'suppressed' : 'framework-inactive',
    roleShare: rules.ledger.tree.shareOfRole(role),
    frameworkShare: rules.ledger.tree.shareOf(subscription),
    offerableAgents,
    obstacles: [...counts].map(([kind, count]) => ({ kind, ...count })).sort((a, b) => b.agents - a.agents),
  };
}

function holdersOf(agent: AgentEntry): string {
  return [...agent.holdings]
    .slice(0, mostExamples)
    .map(([{ frameworkId, role }, resources]) => `${frameworkId} in ${role}: ${resources}`)
    .join(', ');
}
