import { makeKind, Resources } from '@orchestrator/mesos';
import { describe, expect, test } from 'vitest';
import { agentWith, createAllocator, frameworkIn, lines } from './allocator.fixture.ts';
import type { Allocator } from './allocator.ts';
import { compileOfferConstraints } from './offer-constraints.ts';

const all = Resources.parse('cpus:4;mem:4096');

function oneAgent(allocator: Allocator): void {
  allocator.setAgent('a1', agentWith('cpus:4;mem:4096'));
}

describe('who is offered what', () => {
  test('an agent goes as a whole to the role with the lowest share', () => {
    const allocator = createAllocator();
    for (const name of ['f1', 'f2']) allocator.setFramework(name, frameworkIn([`${name}-role`]));
    for (const id of ['a1', 'a2', 'a3', 'a4']) allocator.setAgent(id, agentWith('cpus:4;mem:4096'));
    const { offers } = allocator.allocate(0);
    const count = (frameworkId: string) => offers.filter((offer) => offer.frameworkId === frameworkId).length;
    expect([count('f1'), count('f2')]).toEqual([2, 2]);
    expect(offers.every(({ resources }) => resources.equals(all))).toBe(true);
  });

  test('what is offered is held until it is released', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    oneAgent(allocator);
    expect(lines(allocator.allocate(0))).toEqual(['f1/web a1 cpus:4; mem:4096']);
    expect(lines(allocator.allocate(1))).toEqual([]);
    allocator.release('f1', 'web', 'a1', Resources.parse('cpus:1;mem:1024'));
    expect(lines(allocator.allocate(2))).toEqual(['f1/web a1 cpus:1; mem:1024']);
  });

  test('nothing is due while nothing changes', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    oneAgent(allocator);
    expect(allocator.nextDueMs(5)).toBe(5);
    allocator.allocate(5);
    expect(allocator.nextDueMs(6)).toBeUndefined();
  });

  test('a cycle can be cut into slices', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    for (let index = 0; index < 10; index++) allocator.setAgent(`a${index}`, agentWith('cpus:1;mem:64'));
    const sizes: number[] = [];
    for (let nowMs = 0; allocator.nextDueMs(nowMs) !== undefined; nowMs++) {
      sizes.push(allocator.allocate(nowMs, 4).offers.length);
    }
    expect(sizes).toEqual([4, 4, 2]);
  });

  test('less than the least is not offered, unless the framework says that it is enough', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    allocator.setAgent('a1', agentWith('cpus:0.005;mem:16'));
    expect(lines(allocator.allocate(0))).toEqual([]);
    allocator.setFramework(
      'f2',
      frameworkIn(['db'], { minAllocatable: new Map([['db', [[['mem', 8_000]]]]]) }),
    );
    expect(lines(allocator.allocate(1))).toEqual(['f2/db a1 cpus:0.005; mem:16']);
  });

  test('nothing is offered while it is paused', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    oneAgent(allocator);
    allocator.setPaused(true);
    expect(lines(allocator.allocate(0))).toEqual([]);
    expect(allocator.nextDueMs(0)).toBeUndefined();
    allocator.setPaused(false);
    expect(lines(allocator.allocate(1))).toHaveLength(1);
  });
});

describe('what frameworks say', () => {
  test('a declined agent goes to others, and comes back when the refusal is over', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    oneAgent(allocator);
    allocator.allocate(0);
    allocator.release('f1', 'a', 'a1', all, 5_000, 0);
    expect(lines(allocator.allocate(1))).toEqual([]);
    expect(allocator.nextDueMs(1)).toBe(5_000);
    allocator.setFramework('f2', frameworkIn(['b']));
    expect(lines(allocator.allocate(2))).toEqual(['f2/b a1 cpus:4; mem:4096']);
    allocator.release('f2', 'b', 'a1', all, 60_000, 3);
    expect(lines(allocator.allocate(4_999))).toEqual([]);
    expect(lines(allocator.allocate(5_000))).toEqual(['f1/a a1 cpus:4; mem:4096']);
  });

  test('a refusal covers as much or less, not more', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    allocator.setFramework('f2', frameworkIn(['b']));
    oneAgent(allocator);
    allocator.hold('f2', 'b', 'a1', Resources.parse('cpus:2'));
    allocator.suppress('f2');
    const part = Resources.parse('cpus:2;mem:4096');
    expect(lines(allocator.allocate(0))).toEqual([`f1/a a1 ${part}`]);
    allocator.release('f1', 'a', 'a1', part, 60_000, 0);
    expect(lines(allocator.allocate(1))).toEqual([]);
    allocator.release('f2', 'b', 'a1', Resources.parse('cpus:2'));
    expect(lines(allocator.allocate(2))).toEqual(['f1/a a1 cpus:4; mem:4096']);
  });

  test('a refusal of no time still lasts for a moment, so that the two do not spin', () => {
    const allocator = createAllocator({ minRefusalMs: 1_000 });
    allocator.setFramework('f1', frameworkIn(['a']));
    oneAgent(allocator);
    allocator.allocate(0);
    allocator.release('f1', 'a', 'a1', all, 0, 0);
    expect(lines(allocator.allocate(999))).toEqual([]);
    expect(lines(allocator.allocate(1_000))).toHaveLength(1);
  });

  test('suppressed roles are passed over; revive asks again and forgets refusals', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a', 'b']));
    oneAgent(allocator);
    const [offer] = allocator.allocate(0).offers;
    allocator.release('f1', offer?.role ?? '', 'a1', all, 60_000, 0);
    allocator.suppress('f1');
    expect(lines(allocator.allocate(1))).toEqual([]);
    allocator.revive('f1', [offer?.role ?? '']);
    expect(lines(allocator.allocate(2))).toEqual([`f1/${offer?.role} a1 cpus:4; mem:4096`]);
  });

  test('conditions on attributes', () => {
    const allocator = createAllocator();
    const ssd = {
      selector: { attribute: 'disk' },
      predicate: { kind: 'text_equals' as const, value: 'ssd' },
    };
    const offerConstraints = compileOfferConstraints(new Map([['db', [[ssd]]]]));
    allocator.setFramework('f1', frameworkIn(['db'], { offerConstraints }));
    allocator.setAgent('a1', agentWith('cpus:4;mem:64'));
    allocator.setAgent('a2', agentWith('cpus:4;mem:64', { attributes: new Map([['disk', 'ssd']]) }));
    expect(lines(allocator.allocate(0))).toEqual(['f1/db a2 cpus:4; mem:64']);
  });

  test.each([
    [
      'REVOCABLE_RESOURCES',
      Resources.parse('cpus:4').mapKinds((kind) => makeKind({ ...kind, revocable: true })),
    ],
    ['GPU_RESOURCES', Resources.parse('cpus:4;gpus:1')],
  ] as const)('%s is for those that ask for it', (capability, total) => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    allocator.setAgent('a1', { ...agentWith(''), total });
    expect(lines(allocator.allocate(0))).toEqual([]);
    allocator.setFramework('f2', frameworkIn(['b'], { capabilities: new Set(['MULTI_ROLE', capability]) }));
    expect(allocator.allocate(1).offers.map(({ frameworkId }) => frameworkId)).toEqual(['f2']);
  });

  test('other regions are for those that say they can cope', () => {
    const allocator = createAllocator({ region: 'eu' });
    allocator.setFramework('f1', frameworkIn(['a']));
    allocator.setAgent('a1', agentWith('cpus:4;mem:64', { region: 'us' }));
    allocator.setAgent('a2', agentWith('cpus:4;mem:64', { region: 'eu' }));
    expect(lines(allocator.allocate(0))).toEqual(['f1/a a2 cpus:4; mem:64']);
    allocator.setFramework(
      'f2',
      frameworkIn(['b'], { capabilities: new Set(['MULTI_ROLE', 'REGION_AWARE']) }),
    );
    expect(lines(allocator.allocate(1))).toEqual(['f2/b a1 cpus:4; mem:64']);
  });

  test('a framework that has left keeps its share for what still runs, and is offered nothing', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    oneAgent(allocator);
    allocator.allocate(0);
    allocator.removeFramework('f1');
    expect(allocator.availableOn('a1')?.isEmpty).toBe(true);
    allocator.release('f1', 'a', 'a1', all);
    expect(allocator.availableOn('a1')?.equals(all)).toBe(true);
    expect(lines(allocator.allocate(1))).toEqual([]);
    expect(allocator.explainFramework('f1', 1)).toBeUndefined();
  });
});

describe('reservations', () => {
  test('are for their role and the roles below it', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['web']));
    allocator.setAgent('a1', agentWith('cpus(db):2;mem(db):64;cpus:1;mem:64'));
    allocator.setFramework('f2', frameworkIn(['db/main']));
    allocator.setFramework('f1', frameworkIn(['web'], { suppressedRoles: new Set(['web']) }));
    const [offer] = allocator.allocate(0).offers;
    expect(offer?.frameworkId).toBe('f2');
    expect(offer?.resources.thousandths('cpus')).toBe(3_000);
  });

  test('what a framework reserves of its offer stays its own when it is declined', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['db']));
    allocator.setFramework('f2', frameworkIn(['web'], { suppressedRoles: new Set(['web']) }));
    oneAgent(allocator);
    allocator.allocate(0);
    const consumed = Resources.parse('cpus:1');
    const converted = Resources.parse('cpus(db):1');
    allocator.convert('f1', 'db', 'a1', { consumed, converted });
    allocator.release('f1', 'db', 'a1', all.minus(consumed).plus(converted), 60_000, 0);
    allocator.revive('f2');
    expect(lines(allocator.allocate(1))).toEqual(['f2/web a1 cpus:3; mem:4096']);
    expect(allocator.availableOn('a1')?.equals(converted)).toBe(true);
  });

  test('an operator can reserve only what is available', () => {
    const allocator = createAllocator();
    oneAgent(allocator);
    const reserve = (amount: number) => ({
      consumed: Resources.parse(`cpus:${amount}`),
      converted: Resources.parse(`cpus(db):${amount}`),
    });
    expect(allocator.convertAvailable('a1', reserve(5))).toBe(false);
    expect(allocator.convertAvailable('a1', reserve(3))).toBe(true);
    expect(allocator.availableOn('a1')?.equals(Resources.parse('cpus:1;cpus(db):3;mem:4096'))).toBe(true);
  });
});

describe('quota', () => {
  const quota = (guarantees: Record<string, number>, limits: Record<string, number> = {}) => ({
    guarantees: new Map(Object.entries(guarantees)),
    limits: new Map(Object.entries(limits)),
  });

  test('a limit cuts an offer, and what is kept back is offered when it eases', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    allocator.setQuota('a', quota({}, { cpus: 3_000 }));
    oneAgent(allocator);
    expect(lines(allocator.allocate(0))).toEqual(['f1/a a1 cpus:3; mem:4096']);
    expect(lines(allocator.allocate(2_000))).toEqual([]);
    allocator.release('f1', 'a', 'a1', Resources.parse('cpus:2;mem:64'));
    expect(lines(allocator.allocate(4_000))).toEqual(['f1/a a1 cpus:2; mem:64']);
    allocator.setQuota('a', undefined);
    expect(allocator.allocate(6_000).offers[0]?.resources.thousandths('cpus')).toBe(1_000);
  });

  test('what is promised to one role is kept from the others, on whatever agent', () => {
    const allocator = createAllocator();
    allocator.setQuota('promised', quota({ cpus: 4_000 }));
    allocator.setFramework('greedy', frameworkIn(['greedy']));
    allocator.setAgent('a1', agentWith('cpus:4;mem:64'));
    allocator.setAgent('a2', agentWith('cpus:4;mem:64'));
    const { offers } = allocator.allocate(0);
    expect(offers.reduce((sum, { resources }) => sum + resources.thousandths('cpus'), 0)).toBe(4_000);
    allocator.setFramework('late', frameworkIn(['promised']));
    const late = allocator.allocate(10_000).offers;
    expect(late.reduce((sum, { resources }) => sum + resources.thousandths('cpus'), 0)).toBe(4_000);
  });

  test('reservations count for the quota of their role, held or not', () => {
    const allocator = createAllocator();
    allocator.setQuota('a', quota({ cpus: 4_000 }, { cpus: 4_000 }));
    allocator.setFramework('f1', frameworkIn(['a']));
    allocator.setAgent('a1', agentWith('cpus(a):3;cpus:4;mem:64'));
    const [offer] = allocator.allocate(0).offers;
    expect(offer?.resources.thousandths('cpus')).toBe(4_000);
  });
});

describe('maintenance', () => {
  test('those who hold something are asked to leave, once, and again when they were to be left alone no longer', () => {
    const allocator = createAllocator();
    allocator.setFramework('f1', frameworkIn(['a']));
    oneAgent(allocator);
    allocator.allocate(0);
    const unavailability = { startMs: 100_000 };
    allocator.setUnavailability('a1', unavailability);
    const asked = { frameworkId: 'f1', agentId: 'a1', unavailability };
    expect(allocator.allocate(1).inverseOffers).toEqual([asked]);
    expect(allocator.allocate(2).inverseOffers).toEqual([]);
    allocator.inverseOfferAnswered('f1', 'a1', 5_000);
    expect(allocator.nextDueMs(3)).toBe(5_000);
    expect(allocator.allocate(4_999).inverseOffers).toEqual([]);
    expect(allocator.allocate(5_000).inverseOffers).toEqual([asked]);
  });
});
