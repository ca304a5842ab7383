import {
  ContainerStatusSchema,
  makeMessage,
  Resources,
  TaskSchema,
  TaskState,
  TaskStatusSchema,
} from '@orchestrator/mesos';
import { describe, expect, test } from 'vitest';
import { findOne } from './find.ts';
import { machineOf, scheduleOf, viewMaintenance, withoutMachines } from './maintenance.ts';
import { describeResources, describeUse, viewResources } from './resources.ts';
import { isOver, viewTask } from './tasks.ts';

describe('resources', () => {
  const messages = Resources.parse(
    'mem:512;cpus:1.5;ports:[31000-31001,31005-31005];mem(web):100',
  ).toMessages();

  test('are summed by name, whoever they are reserved for', () => {
    expect(viewResources(messages)).toEqual({
      cpus: 1.5,
      mem: 612,
      ports: '[31000-31001, 31005-31005]',
    });
    expect(viewResources([])).toEqual({});
  });

  test('are told with what everybody asks for first', () => {
    expect(describeResources(viewResources(messages))).toBe(
      '1.5 cpus, 612 MB mem, ports [31000-31001, 31005-31005]',
    );
    expect(describeResources({})).toBe('-');
    expect(describeUse('cpus', {}, { cpus: 4 })).toBe('0 of 4');
  });
});

describe('who is meant', () => {
  const items = [
    { id: 'aa-S0', name: 'one' },
    { id: 'aa-S1', name: 'two' },
    { id: 'aa-S10', name: 'two' },
  ];
  test('by id, name, beginning or end', () => {
    expect(findOne(items, 'aa-S1', 'agent').id).toBe('aa-S1');
    expect(findOne(items, 'one', 'agent').id).toBe('aa-S0');
    expect(findOne(items, 'S10', 'agent').id).toBe('aa-S10');
  });
  test('or nobody, or several', () => {
    expect(() => findOne(items, 'S7', 'agent')).toThrow('there is no agent "S7"');
    expect(() => findOne(items, 'two', 'agent')).toThrow('"two" is 2 agents: aa-S1, aa-S10');
    expect(() => findOne(items, 'aa', 'agent')).toThrow('"aa" is 3 agents');
  });
});

test('a task knows its container, its role and why it ended', () => {
  const statusOf = (state: TaskState, more: object = {}) =>
    makeMessage(TaskStatusSchema, { taskId: { value: 't' }, state, timestamp: 12.5, ...more });
  const containerStatus = makeMessage(ContainerStatusSchema, {
    containerId: { value: 'inner', parent: { value: 'outer' } },
  });
  const task = makeMessage(TaskSchema, {
    ...{ name: 'web', taskId: { value: 't' }, frameworkId: { value: 'f' }, agentId: { value: 'a' } },
    ...{ executorId: { value: 'group' }, state: TaskState.TASK_FAILED },
    resources: Resources.parse('cpus:1').allocatedTo('batch').toMessages(),
    statuses: [
      statusOf(TaskState.TASK_RUNNING, { containerStatus }),
      statusOf(TaskState.TASK_FAILED, { message: 'Command exited with status 3' }),
    ],
  });
  const view = viewTask(task);
  expect(view).toMatchObject({
    ...{ state: 'TASK_FAILED', role: 'batch', in_group: true, healthy: null, running_ms: 12_500 },
    ...{ container_ids: ['outer', 'inner'], message: 'Command exited with status 3' },
  });
  expect(isOver(view)).toBe(true);
  expect(isOver({ ...view, state: 'TASK_UNREACHABLE' })).toBe(false);
});

test('a schedule survives being shown', () => {
  const windows = [{ machines: ['a/10.0.0.1', 'b', '/10.0.0.3'], start_ms: 1_000, duration_ms: null }];
  expect(machineOf('/10.0.0.3')).toEqual({ ip: '10.0.0.3' });
  expect(scheduleOf(windows).windows[0]?.unavailability).toEqual({ start: { nanoseconds: 1_000_000_000n } });
  expect(withoutMachines(windows, ['b', '/10.0.0.3'])).toEqual([{ ...windows[0], machines: ['a/10.0.0.1'] }]);
  expect(withoutMachines(windows, ['a/10.0.0.1', 'b', '/10.0.0.3'])).toEqual([]);
  expect(
    viewMaintenance({ windows: [] } as never, { drainingMachines: [], downMachines: [] } as never),
  ).toEqual({
    ...{ windows: [], draining: [], down: [] },
  });
});
