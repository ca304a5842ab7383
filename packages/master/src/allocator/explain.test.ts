import { Resources } from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import { agentWith, createAllocator, frameworkIn } from './allocator.fixture.ts';

test('a framework learns what keeps each agent from it, and where offers went', () => {
  const allocator = createAllocator();
  allocator.setFramework('other', frameworkIn(['other']));
  allocator.setAgent('taken', agentWith('cpus:1;mem:64'));
  allocator.allocate(1_000);
  allocator.setFramework('mine', frameworkIn(['mine'], { suppressedRoles: new Set(['mine']) }));
  allocator.setFramework('other', frameworkIn(['other'], { suppressedRoles: new Set(['other']) }));
  allocator.setAgent('gpu', agentWith('cpus:1;gpus:1;mem:64'));
  allocator.setAgent('off', agentWith('cpus:1;mem:64'));
  allocator.setAgentActive('off', false);
  allocator.setAgent('open', agentWith('cpus:1;mem:64'));
  allocator.setAgent('declined', agentWith('cpus:1;mem:64'));
  allocator.revive('mine');
  for (const { frameworkId, role, agentId, resources } of allocator.allocate(2_000).offers) {
    const refusedUntilMs = agentId === 'declined' ? 60_000 : 3_000;
    allocator.release(frameworkId, role, agentId, resources, refusedUntilMs, 2_000);
  }
  allocator.suppress('mine');
  allocator.allocate(4_000);
  const explanation = allocator.explainFramework('mine', 5_000);
  expect(explanation).toEqual({
    frameworkId: 'mine',
    atMs: 5_000,
    roles: [
      {
        role: 'mine',
        state: 'suppressed',
        roleShare: 0,
        frameworkShare: 0,
        offerableAgents: 1,
        obstacles: [
          {
            kind: 'nothing-available',
            agents: 1,
            examples: [{ agentId: 'taken', detail: 'other in other: cpus:1; mem:64' }],
          },
          { kind: 'gpus-kept', agents: 1, examples: [{ agentId: 'gpu', detail: '' }] },
          { kind: 'agent-inactive', agents: 1, examples: [{ agentId: 'off', detail: '' }] },
          {
            kind: 'refused',
            agents: 1,
            examples: [{ agentId: 'declined', detail: 'until 1970-01-01T00:01:00.000Z' }],
          },
        ],
      },
    ],
    wentElsewhere: [
      { atMs: 1_000, agentId: 'taken', frameworkId: 'other', role: 'other', share: 0, because: 'its-turn' },
    ],
  });
});

test('a role with a limit learns which resource is kept back', () => {
  const allocator = createAllocator();
  allocator.setFramework('mine', frameworkIn(['mine']));
  const limits = new Map([
    ['cpus', 0],
    ['mem', 0],
  ]);
  allocator.setQuota('mine', { guarantees: new Map(), limits });
  allocator.setAgent('a1', agentWith('cpus:1;mem:64'));
  allocator.allocate(0);
  expect(allocator.explainFramework('mine', 1)?.roles[0]?.obstacles).toEqual([
    { kind: 'quota', agents: 1, examples: [{ agentId: 'a1', detail: 'cpus, mem' }] },
  ]);
});

test('a pending task learns which requirement no agent meets, and by how much', () => {
  const allocator = createAllocator();
  allocator.setAgent(
    'small',
    agentWith('cpus:2;mem:8192;ports:[31000-31009]', { attributes: new Map([['rack', 'r1']]) }),
  );
  allocator.setAgent('large', agentWith('cpus:16;mem:1024;ports:[31000-31009]'));
  allocator.hold('f', 'web', 'large', Resources.parse('cpus:15;ports:[31000-31008]'));
  const explanation = allocator.explainTask({
    role: 'web',
    resources: [
      ['cpus', 4_000],
      ['mem', 16_384_000],
      ['ports', 2_000],
    ],
    conditions: [{ text: 'rack is r1', holds: ({ attributes }) => attributes.get('rack') === 'r1' }],
  });
  expect(explanation).toEqual({
    activeAgents: 2,
    fitsNow: 0,
    fitsWhenEmpty: 0,
    requirements: [
      {
        requirement: 'mem',
        neverMetBy: 2,
        notNowMetBy: 0,
        amounts: { wanted: 16_384_000, mostAvailable: 8_192_000, mostTotal: 8_192_000 },
      },
      {
        requirement: 'cpus',
        neverMetBy: 1,
        notNowMetBy: 1,
        amounts: { wanted: 4_000, mostAvailable: 2_000, mostTotal: 16_000 },
      },
      { requirement: 'rack is r1', neverMetBy: 1, notNowMetBy: 0 },
      {
        requirement: 'ports',
        neverMetBy: 0,
        notNowMetBy: 1,
        amounts: { wanted: 2_000, mostAvailable: 10_000, mostTotal: 10_000 },
      },
    ],
    nearest: [
      {
        agentId: 'small',
        missing: [
          ['cpus', 2_000],
          ['mem', 8_192_000],
        ],
        unmet: [],
        wouldDoWhenEmpty: false,
      },
      {
        agentId: 'large',
        missing: [
          ['cpus', 3_000],
          ['mem', 15_360_000],
          ['ports', 1_000],
        ],
        unmet: ['rack is r1'],
        wouldDoWhenEmpty: false,
      },
    ],
  });
});

test('a task that fits somewhere has its agents counted', () => {
  const allocator = createAllocator();
  allocator.setAgent('free', agentWith('cpus:4'));
  allocator.setAgent('busy', agentWith('cpus:4'));
  allocator.hold('f', 'web', 'busy', Resources.parse('cpus:3'));
  const { fitsNow, fitsWhenEmpty, nearest } = allocator.explainTask({
    role: 'web',
    resources: [['cpus', 2_000]],
  });
  expect({ fitsNow, fitsWhenEmpty }).toEqual({ fitsNow: 1, fitsWhenEmpty: 2 });
  expect(nearest).toEqual([
    { agentId: 'busy', missing: [['cpus', 1_000]], unmet: [], wouldDoWhenEmpty: true },
  ]);
});
