/**
 * Courses of events made by chance, and what must hold after each of them: nothing is offered twice, no limit is passed,
 * no promise is broken, and the tallies are what counting anew gives.
 */
import { isReserved, Resources } from '@orchestrator/mesos';
import { type Random, seededRandom } from '@orchestrator/runtime/random';
import { expect, test } from 'vitest';
import { agentWith, createAllocator, frameworkIn } from './allocator.fixture.ts';
import type { Allocation, Allocator } from './allocator.ts';

const roles = ['a', 'a/x', 'b', 'c'];
const totals = [
  'cpus:4;mem:1024',
  'cpus:8;mem:512;ports:[1-10]',
  'cpus(a):2;cpus:2;mem:256',
  'cpus(b):1;mem:64',
];

interface Model {
  readonly allocator: Allocator;
  readonly random: Random;
  readonly held: Allocation[];
  readonly totals: Map<string, Resources>;
  readonly limits: Map<string, number>;
  nowMs: number;
}

const chosen = <T>(random: Random, items: readonly T[]): T => items[random.below(items.length)] as T;
const topLevel = (role: string) => role.split('/')[0] ?? role;

function step(model: Model): void {
  const { allocator, random, held, totals: known, limits } = model;
  model.nowMs += random.below(3_000);
  const agentId = `agent${random.below(6)}`;
  const frameworkId = `framework${random.below(4)}`;
  switch (random.below(12)) {
    case 0: {
      if (known.has(agentId)) break;
      const facts = agentWith(chosen(random, totals));
      known.set(agentId, facts.total);
      allocator.setAgent(agentId, facts);
      break;
    }
    case 1:
      if (random.below(4) > 0) break;
      known.delete(agentId);
      allocator.removeAgent(agentId);
      drop(held, (each) => each.agentId === agentId);
      break;
    case 2:
      allocator.setFramework(frameworkId, frameworkIn(roles.filter(() => random.below(2) === 0)));
      break;
    case 3:
      allocator.setFrameworkActive(frameworkId, random.below(3) > 0);
      break;
    case 4:
      allocator.setAgentActive(agentId, random.below(3) > 0);
      break;
    case 5:
      if (random.below(2) === 0) allocator.suppress(frameworkId);
      else allocator.revive(frameworkId);
      break;
    case 6:
      setQuota(model);
      break;
    case 7:
      convert(model);
      break;
    case 8:
      if (random.below(4) === 0) allocator.removeFramework(frameworkId);
      break;
    default:
      release(model);
  }
  const { offers } = allocator.allocate(model.nowMs, 1 + random.below(6));
  for (const offer of offers) expectAllowed(model, offer);
  held.push(...offers);
  const given = offers.filter(
    ({ resources }) => resources.filter((kind) => !isReserved(kind)).thousandths('cpus') > 0,
  );
  for (const role of new Set(given.map((offer) => topLevel(offer.role)))) {
    const limit = limits.get(role);
    if (limit !== undefined) expect(consumedCpus(model, role), `limit of ${role}`).toBeLessThanOrEqual(limit);
  }
}

function drop<T>(items: T[], isGone: (item: T) => boolean): void {
  const kept = items.filter((item) => !isGone(item));
  items.length = 0;
  items.push(...kept);
}

/** A limit that is lowered below what is held already stops offers and takes nothing back. */
function setQuota({ allocator, random, limits }: Model): void {
  const role = chosen(random, ['a', 'b', 'c']);
  const guarantee = random.below(6) * 1000;
  const limit = guarantee + random.below(8) * 1000;
  limits.set(role, limit);
  allocator.setQuota(role, {
    guarantees: new Map([['cpus', guarantee]]),
    limits: new Map([['cpus', limit]]),
  });
}

function convert({ allocator, random, held, totals: known }: Model): void {
  const each = held[random.below(held.length)];
  const consumed = Resources.parse('cpus:1');
  const converted = Resources.parse(`cpus(${each?.role ?? 'a'}):1`);
  const total = known.get(each?.agentId ?? '');
  if (each === undefined || total === undefined || !each.resources.contains(consumed)) return;
  allocator.convert(each.frameworkId, each.role, each.agentId, { consumed, converted });
  known.set(each.agentId, total.minus(consumed).plus(converted));
  drop(held, (other) => other === each);
  held.push({ ...each, resources: each.resources.minus(consumed).plus(converted) });
}

function release({ allocator, random, held, nowMs }: Model): void {
  const each = held[random.below(held.length)];
  if (each === undefined) return;
  const { frameworkId, role, agentId, resources } = each;
  const refusedUntilMs = random.below(2) === 0 ? undefined : nowMs + random.below(20_000);
  allocator.release(frameworkId, role, agentId, resources, refusedUntilMs, nowMs);
  drop(held, (other) => other === each);
}

function expectAllowed({ held, totals: known }: Model, offer: Allocation): void {
  const others = Resources.sum(
    held.filter(({ agentId }) => agentId === offer.agentId).map(({ resources }) => resources),
  );
  const total = known.get(offer.agentId) ?? Resources.none;
  expect(total.contains(others.plus(offer.resources)), `${offer.agentId}: ${offer.resources}`).toBe(true);
  for (const { kind } of offer.resources) {
    const reservedFor = kind.reservations.at(-1)?.role;
    expect([undefined, offer.role, topLevel(offer.role)]).toContain(reservedFor);
  }
}

/** Reservations, held or not, and the unreserved that is held. */
function consumedCpus({ held, totals: known }: Model, role: string): number {
  let sum = 0;
  for (const total of known.values()) {
    for (const { kind, thousandths } of total) {
      const reservedFor = kind.reservations.at(-1)?.role;
      if (kind.name === 'cpus' && reservedFor !== undefined && topLevel(reservedFor) === role)
        sum += thousandths;
    }
  }
  for (const each of held.filter((allocation) => topLevel(allocation.role) === role)) {
    for (const { kind, thousandths } of each.resources) {
      if (kind.name === 'cpus' && kind.reservations.length === 0) sum += thousandths;
    }
  }
  return sum;
}

/** Nobody waits for an agent that could be offered to them: whatever changed has been looked at. */
function expectNobodyForgotten(model: Model): void {
  const { allocator, held } = model;
  for (let pass = 0; pass < 3; pass++) {
    model.nowMs += 1_000;
    while ((allocator.nextDueMs(model.nowMs) ?? Number.POSITIVE_INFINITY) <= model.nowMs) {
      held.push(...allocator.allocate(model.nowMs).offers);
    }
  }
  for (let index = 0; index < 4; index++) {
    const explanation = allocator.explainFramework(`framework${index}`, model.nowMs);
    for (const role of explanation?.roles ?? []) {
      if (role.state === 'asked') expect(role.offerableAgents, `framework${index} in ${role.role}`).toBe(0);
    }
  }
}

test('500 courses of 60 events', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = seededRandom(seed);
    const model: Model = {
      allocator: createAllocator({ random, minAllocatable: [] }),
      random,
      held: [],
      totals: new Map(),
      limits: new Map(),
      nowMs: 0,
    };
    try {
      for (let count = 0; count < 60; count++) step(model);
      expectNobodyForgotten(model);
      for (const [agentId, total] of model.totals) {
        const held = model.held.filter((each) => each.agentId === agentId).map(({ resources }) => resources);
        expect(model.allocator.availableOn(agentId)?.equals(total.minus(Resources.sum(held)))).toBe(true);
      }
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});
