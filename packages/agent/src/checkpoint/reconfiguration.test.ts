import { Resources } from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import { agentInfo } from '../core/scripted-agent.ts';
import { reconfigurationProblem } from './reconfiguration.ts';

const withResources = (text: string) => ({ ...agentInfo(), resources: Resources.parse(text).toMessages() });

test('equal takes nothing else, additive takes more and never less', () => {
  const before = withResources('cpus:4;mem:1024');
  const more = withResources('cpus:8;mem:1024;disk:10');
  expect(reconfigurationProblem(before, before, 'equal')).toBeUndefined();
  expect(reconfigurationProblem(before, more, 'equal')).toBe(
    'resources were cpus:4; mem:1024 and are cpus:8; mem:1024; disk:10',
  );
  expect(reconfigurationProblem(before, more, 'additive')).toBeUndefined();
  expect(reconfigurationProblem(more, before, 'additive')).toMatch('resources were');
  expect(reconfigurationProblem(before, { ...before, hostname: 'x' }, 'additive')).toBe(
    'hostname was h and is x',
  );
});
