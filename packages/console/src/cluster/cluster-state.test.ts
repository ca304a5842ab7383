import type { ClusterAgent, ClusterSummary } from '@orchestrator/monitor/schema';
import { expect, test } from 'vitest';
import { applyDifference } from './cluster-state.ts';

const summary = { name: 'c', tasksRevision: 1 } as ClusterSummary;
const agent = (id: string, tasks: number) => ({ id, tasks }) as ClusterAgent;

test('differences are applied to what came first, and a reset replaces it', () => {
  expect(applyDifference(undefined, { summary })).toBeUndefined();
  const first = applyDifference(undefined, {
    ...{ reset: true, summary, agents: { set: [agent('a', 1), agent('b', 2)], remove: [] } },
  });
  const second = applyDifference(first, { agents: { set: [agent('b', 3)], remove: ['a'] } });
  expect(second?.agents).toEqual([agent('b', 3)]);
  expect(second?.summary).toBe(summary);
  expect(applyDifference(second, { reset: true, summary })?.agents).toEqual([]);
});
