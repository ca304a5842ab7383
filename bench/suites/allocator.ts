/** Cycles of the allocator, alone: no sockets, no messages. Each framework has a role of its own, so that all compete. */
import { type AgentFacts, type Allocation, Allocator, type FrameworkFacts } from '@orchestrator/master';
import { Resources } from '@orchestrator/mesos';
import { seededRandom } from '@orchestrator/runtime/random';
import type { Suite, SuiteOptions, SuiteResult } from '../result.ts';
import { median } from '../statistics.ts';

const sizes = [
  { name: '1kx100', agents: 1_000, frameworks: 100 },
  { name: '5kx500', agents: 5_000, frameworks: 500 },
  { name: '10kx1k', agents: 10_000, frameworks: 1_000 },
  { name: '20kx2k', agents: 20_000, frameworks: 2_000 },
];
const rounds = 7;
const longRefusalMs = 3_600_000;
const perAgent = 'cpus:24;mem:4096;disk:4096;ports:[31000-32000]';

const agentFacts = (): AgentFacts => ({
  traits: { hostname: 'n.example.com', region: undefined, zone: undefined, attributes: new Map() },
  total: Resources.parse(perAgent),
  capabilities: new Set(['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT']),
});

const frameworkFacts = (role: string): FrameworkFacts => ({
  roles: new Set([role]),
  suppressedRoles: new Set(),
  capabilities: new Set(['MULTI_ROLE']),
});

function fill(allocator: Allocator, agents: number, frameworks: number): void {
  for (let index = 0; index < frameworks; index++) {
    allocator.setFramework(`framework-${index}`, frameworkFacts(`role-${index}`));
  }
  for (let index = 0; index < agents; index++) allocator.setAgent(`agent-${index}`, agentFacts());
}

function timed<T>(run: () => T): readonly [result: T, ms: number] {
  const startedMs = performance.now();
  const result = run();
  return [result, performance.now() - startedMs];
}

function decline(
  allocator: Allocator,
  offers: readonly Allocation[],
  refusedUntilMs: number | undefined,
  nowMs: number,
) {
  for (const { frameworkId, role, agentId, resources } of offers) {
    allocator.release(frameworkId, role, agentId, resources, refusedUntilMs, nowMs);
  }
}

interface Cycles {
  readonly fullMs: number;
  readonly incrementalMs: number;
  readonly idleMs: number;
  /** The least that a full cycle can do: each agent given to somebody, with nothing to choose. */
  readonly holdMs: number;
}

function cyclesAt(agents: number, frameworks: number): Cycles {
  const allocator = new Allocator({ random: seededRandom(1) });
  fill(allocator, agents, frameworks);
  let nowMs = 0;
  let { offers } = allocator.allocate(nowMs);
  const full: number[] = [];
  for (let round = 0; round < rounds; round++) {
    decline(allocator, offers, nowMs + longRefusalMs, nowMs);
    nowMs += 1_000;
    const [cycle, ms] = timed(() => allocator.allocate(nowMs));
    if (cycle.offers.length !== agents)
      throw new Error(`${cycle.offers.length} of ${agents} agents were offered`);
    offers = cycle.offers;
    full.push(ms);
  }
  const incremental: number[] = [];
  let changed = offers.slice(0, agents / 100);
  for (let round = 0; round < rounds * 3; round++) {
    const [cycle, ms] = timed(() => {
      decline(allocator, changed, undefined, nowMs);
      return allocator.allocate(++nowMs);
    });
    if (cycle.offers.length !== changed.length) throw new Error('not every agent that changed was offered');
    changed = cycle.offers;
    incremental.push(ms);
  }
  const [, idleMs] = timed(() => allocator.allocate(++nowMs));
  return {
    fullMs: median(full),
    incrementalMs: median(incremental),
    idleMs,
    holdMs: holdOnly(agents, frameworks),
  };
}

function holdOnly(agents: number, frameworks: number): number {
  const allocator = new Allocator({ random: seededRandom(1) });
  fill(allocator, agents, frameworks);
  const all = Resources.parse(perAgent);
  const [, ms] = timed(() => {
    for (let index = 0; index < agents; index++) {
      const owner = index % frameworks;
      allocator.hold(`framework-${owner}`, `role-${owner}`, `agent-${index}`, all);
    }
  });
  return ms;
}

/** 3,000 agents, roles and frameworks; half of the roles are promised a little, half are limited to more than they can get. */
function quotaCycle(): number {
  const count = 3_000;
  const allocator = new Allocator({ random: seededRandom(1) });
  fill(allocator, count, count);
  for (let index = 0; index < count; index++) {
    const guarantee = index % 2 === 0 ? 12_000 : 0;
    allocator.setQuota(`role-${index}`, {
      guarantees: new Map([
        ['cpus', guarantee],
        ['mem', guarantee],
      ]),
      limits: new Map([
        ['cpus', 240_000],
        ['mem', 40_960_000],
      ]),
    });
  }
  const samples: number[] = [];
  for (let nowMs = 0; samples.length < 3; nowMs += 2_000) {
    const [{ offers }, ms] = timed(() => allocator.allocate(nowMs));
    samples.push(ms);
    decline(allocator, offers, undefined, nowMs);
  }
  return median(samples);
}

async function run({ quick, say }: SuiteOptions): Promise<SuiteResult> {
  const metrics: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const { name, agents, frameworks } of quick ? sizes.slice(0, 3) : sizes) {
    say(`${agents} agents, ${frameworks} frameworks`);
    const { fullMs, incrementalMs, idleMs, holdMs } = cyclesAt(agents, frameworks);
    metrics[`fullMs${name}`] = fullMs;
    metrics[`incrementalMs${name}`] = incrementalMs;
    metrics[`idleMs${name}`] = idleMs;
    ratios[`fullOverHold${name}`] = fullMs / holdMs;
  }
  metrics.rssMb = process.memoryUsage().rss / 2 ** 20;
  say('3,000 roles with quota');
  metrics.quotaMs3k = quotaCycle();
  return {
    metrics,
    ratios,
    notes: [
      'full: every agent is offered anew after all offers were declined; incremental: 1 % of the agents have changed',
      'fullOverHold: a full cycle over only writing down that each agent is held by somebody',
      'a master of C++, release build: full 0.05, 0.4, 1.1 and 3.8 s at these sizes (published; not measured here)',
    ],
  };
}

export const allocator: Suite = {
  name: 'allocator',
  about: 'cycles of the allocator by size of the cluster',
  run,
};
