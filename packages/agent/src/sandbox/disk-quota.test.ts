import { ExecutorInfoSchema, makeMessage, Resources, TaskInfoSchema } from '@orchestrator/mesos';
import { expect, test } from 'vitest';
import type { AgentState, ExecutorRecord, TaskRecord } from '../core/records.ts';
import { diskAllotments } from './disk-quota.ts';

const places = { workDir: '/w', sandboxOf: (containerId: string) => `/sandbox/${containerId}` };
const mebibyte = 2 ** 20;

const persistence = expect.objectContaining({ persistence: { id: 'data' } });
const volume = Resources.from(
  Resources.parse('disk(web):5')
    .toMessages()
    .map((resource) => ({
      ...resource,
      disk: { persistence: { id: 'data' }, volume: { containerPath: 'data', mode: 1 } },
    })) as never,
);

function taskOf(containerId: string, resources: Resources, more: object = {}): TaskRecord {
  const info = makeMessage(TaskInfoSchema, {
    ...{ name: 't', taskId: { value: 't' }, agentId: { value: 'a' }, resources: resources.toMessages() },
    ...more,
  });
  return { info, containerId, phase: 'launched' } as unknown as TaskRecord;
}

function allotments(kind: ExecutorRecord['kind'], tasks: readonly TaskRecord[], own = '') {
  const info = makeMessage(ExecutorInfoSchema, {
    executorId: { value: 'e' },
    resources: Resources.parse(own).toMessages(),
  });
  const executor = {
    ...{ kind, info, containerId: 'e', phase: 'running' },
    tasks: new Map(tasks.map((task, index) => [String(index), task])),
  };
  const framework = { executors: new Map([['e', executor]]) };
  return diskAllotments({ frameworks: new Map([['f', framework]]) } as unknown as AgentState, places);
}

test('a sandbox by its disk, a persistent volume by its size', () => {
  expect(allotments('command', [taskOf('c', Resources.parse('cpus:1;disk:2').plus(volume))])).toEqual([
    { containerId: 'c', path: '/w/volumes/roles/web/data', quotaBytes: 5 * mebibyte, disk: persistence },
    { containerId: 'c', path: '/sandbox/c', quotaBytes: 2 * mebibyte },
  ]);
});

test('an executor shares what it and its tasks have; those of a group have their own', () => {
  const tasks = [taskOf('1', Resources.parse('disk:1')), taskOf('2', Resources.parse('disk:2'))];
  expect(allotments('custom', tasks, 'disk:4')).toEqual([
    { containerId: 'e', path: '/sandbox/e', quotaBytes: 7 * mebibyte },
  ]);
  expect(allotments('group', tasks).map(({ path }) => path)).toEqual(['/sandbox/1', '/sandbox/2']);
});

test('who asked for no disk, and whoever is in Docker, is not held to anything', () => {
  const docker = { container: { type: 1, docker: { image: 'i' } } };
  expect(allotments('command', [taskOf('c', Resources.parse('cpus:1'))])).toEqual([]);
  expect(allotments('command', [taskOf('c', Resources.parse('disk:1'), docker)])).toEqual([]);
});
