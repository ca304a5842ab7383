import { expect, test } from 'vitest';
import { ScriptedCluster } from '../core/scripted-cluster.ts';
import { countCluster, sliceItems } from './cluster-figures.ts';

test('a large cluster is counted in slices, each as long as the next', () => {
  const cluster = new ScriptedCluster();
  const agentCount = 4 * sliceItems.agents;
  for (let index = 0; index < agentCount; index++) {
    cluster.register(`slave(1)@127.1.${index >> 8}.${index & 255}:5051`, 'cpus:8;mem:1024;cpus(web):2');
  }
  const frameworkId = cluster.subscribe('c1');
  cluster.allocate();
  cluster.allocate();
  const offered = cluster.offersOf(frameworkId).length;
  expect(offered).toBeGreaterThan(0);

  // What is looked at between two yields: read from the books themselves, as they are walked.
  const { state } = cluster.core;
  let looked = 0;
  const watched = new Map(state.agents);
  watched.values = function* () {
    for (const agent of state.agents.values()) {
      looked++;
      yield agent;
    }
  } as typeof watched.values;
  const slices: number[] = [];
  const counting = countCluster({ ...state, agents: watched });
  for (let step = counting.next(); ; step = counting.next()) {
    slices.push(looked);
    looked = 0;
    if (step.done !== true) continue;
    const { agents, total, offered: scalars, held, consumed } = step.value;
    expect(agents).toEqual({ all: agentCount, active: agentCount, connected: agentCount });
    expect(total.get('cpus')).toBe(10_000 * agentCount);
    expect(scalars.get('cpus')).toBe(10_000 * offered);
    expect(held.get('web')?.get('cpus')).toBe(10_000 * offered);
    expect(consumed.get('web')?.get('cpus')).toBe(2_000 * agentCount);
    break;
  }
  expect(Math.max(...slices)).toBeLessThanOrEqual(sliceItems.agents + 1);
});
