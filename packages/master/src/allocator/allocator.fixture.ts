/** Short words for the tests of the allocator. */
import { Resources } from '@orchestrator/mesos';
import { seededRandom } from '@orchestrator/runtime/random';
import type { AgentFacts } from './agent-entry.ts';
import { type Allocations, Allocator, type AllocatorOptions } from './allocator.ts';
import type { FrameworkFacts } from './subscription.ts';

export function createAllocator(options: Partial<AllocatorOptions> = {}): Allocator {
  return new Allocator({ random: seededRandom(1), ...options });
}

export function agentWith(total: string, facts: Partial<AgentFacts['traits']> = {}): AgentFacts {
  return {
    traits: {
      hostname: 'n.example.com',
      region: undefined,
      zone: undefined,
      attributes: new Map(),
      ...facts,
    },
    total: Resources.parse(total),
    capabilities: new Set(['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT']),
  };
}

export function frameworkIn(roles: string[], facts: Partial<FrameworkFacts> = {}): FrameworkFacts {
  return {
    roles: new Set(roles),
    suppressedRoles: new Set(),
    capabilities: new Set(['MULTI_ROLE', 'RESERVATION_REFINEMENT']),
    ...facts,
  };
}

/** One line for each offer, sorted: `f1/web a1 cpus:4; mem:1024`. */
export function lines({ offers }: Allocations): string[] {
  return offers
    .map(({ frameworkId, role, agentId, resources }) => `${frameworkId}/${role} ${agentId} ${resources}`)
    .sort();
}
