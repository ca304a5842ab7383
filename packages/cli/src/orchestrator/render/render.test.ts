import { expect, test } from 'vitest';
import { createStyle } from '../../terminal/style.ts';
import type { FrameworkExplanation, TaskExplanation } from '../views/explanations.ts';
import { renderFrameworkExplanation, renderTaskReport } from './explanations.ts';
import { renderTasks } from './tasks.ts';

const style = createStyle(false);

test('a task that fits nowhere: by how much', () => {
  const placement: TaskExplanation = {
    ...{ activeAgents: 2, fitsNow: 0, fitsWhenEmpty: 1 },
    requirements: [
      {
        ...{ requirement: 'mem', neverMetBy: 1, notNowMetBy: 1 },
        amounts: { wanted: 4_096_000, mostAvailable: 1_024_000, mostTotal: 8_192_000 },
      },
      {
        requirement: 'cpus',
        neverMetBy: 0,
        notNowMetBy: 0,
        amounts: { wanted: 500, mostAvailable: 1_000, mostTotal: 2_000 },
      },
    ],
    nearest: [{ agentId: 'S1', missing: [['mem', 3_072_000]], unmet: [], wouldDoWhenEmpty: true }],
  };
  expect(renderTaskReport({ task: null, wanted: 'cpus:0.5;mem:4096', role: 'web', placement }, style)).toBe(
    [
      'a task of role web with cpus:0.5;mem:4096 fits on no agent now; on 1 agent if nothing else ran there',
      '  unmet  mem 4096: never by 1 agent, not now by 1 agent; the most on one agent: 1024 free of 8192',
      '  met    cpus 0.5',
      'nearest:',
      '  S1 lacks 3072 mem',
    ].join('\n'),
  );
});

test('a framework without offers: what is in the way, and who got them', () => {
  const elsewhere = {
    atMs: 0,
    agentId: 'S1',
    frameworkId: 'f2',
    role: 'web',
    because: 'lower-share',
    share: 0,
  } as const;
  const explanation: FrameworkExplanation = {
    ...{ frameworkId: 'f1', atMs: 0, wentElsewhere: [elsewhere, elsewhere] },
    roles: [
      {
        ...{ role: 'batch', state: 'asked', roleShare: 0.25, frameworkShare: 0.5, offerableAgents: 0 },
        obstacles: [{ kind: 'refused', agents: 2, examples: [{ agentId: 'S1', detail: 'until noon' }] }],
      },
    ],
  };
  expect(renderFrameworkExplanation(explanation, 'spark', style)).toBe(
    [
      'framework spark (f1)',
      '  role batch: takes part in allocation',
      '    share of the role 25.0 %, of the framework in it 50.0 %; the lowest is served first',
      '    0 agents would be offered at the next cycle',
      '    2 agents: refused by the framework a short while ago',
      '      S1: until noon',
      '  the last offers to others',
      '    2 offers to f2 in role web: its share was lower',
    ].join('\n'),
  );
});

test('tasks are listed with names instead of ids', () => {
  const task = {
    ...{ id: 'web.1', name: 'web', state: 'TASK_RUNNING', healthy: false, framework_id: 'f', agent_id: 'a' },
    ...{ executor_id: 'web.1', in_group: false, container_ids: [], resources: { cpus: 1 }, role: '*' },
    ...{ changed_ms: 1_000, running_ms: 1_000, reason: null, message: null },
  };
  const agent = { id: 'a', name: 'node-7' } as Parameters<typeof renderTasks>[1]['agents'][number];
  const framework = { id: 'f', name: 'marathon' } as Parameters<typeof renderTasks>[1]['frameworks'][number];
  const text = renderTasks([task], { frameworks: [framework], agents: [agent], nowMs: 61_000, style });
  expect(text.split('\n')[1]).toMatch(
    /^web\.1 +web +running, unhealthy +1 min 00 s +marathon +node-7 +1 cpus$/,
  );
  expect(renderTasks([], { frameworks: [], agents: [], nowMs: 0, style })).toBe('no tasks');
});
