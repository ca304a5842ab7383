import {
  ContainerInfo_DockerInfo_Network,
  makeMessage,
  OfferSchema,
  Resources,
  TaskState,
} from '@orchestrator/mesos';
import { describe, expect, test } from 'vitest';
import { nestedId } from './container-id.ts';
import {
  chooseFrom,
  frameworkInfoOf,
  parseEnvironment,
  type TaskDescription,
  taskInfoOf,
} from './description.ts';
import { decodeWaitStatus } from './exec.ts';
import { exitCodeOf } from './outcome.ts';
import { sandboxPaths } from './sandbox.ts';

const description: TaskDescription = {
  ...{
    name: 'web',
    command: 'true',
    argv: [],
    role: '*',
    user: undefined,
    network: undefined,
    environment: {},
  },
  ...{ resources: Resources.parse('cpus:1;mem:64'), dockerImage: undefined, killGraceMs: undefined },
};

describe('what is chosen of an offer', () => {
  const wanted = Resources.parse('cpus:1;mem:64;ports:[31001-31001]');
  const choose = (offered: string) =>
    chooseFrom(Resources.parse(offered).allocatedTo('web').toMessages(), wanted);

  test('is of the kinds that are offered, what is reserved before what is not', () => {
    const chosen = choose('cpus:4;cpus(web):2;mem:512;ports:[31000-31005]');
    expect(chosen?.toString()).toContain('cpus(allocated: web)(reservations: [(STATIC,web)]):1');
    expect(chosen?.toString()).toContain('ports(allocated: web):[31001-31001]');
  });

  test('is nothing when something is missing', () => {
    expect(choose('cpus:0.5;mem:512;ports:[31000-31005]')).toBeUndefined();
    expect(choose('cpus:4;mem:512;ports:[31002-31005]')).toBeUndefined();
    expect(choose('cpus:4;mem:512')).toBeUndefined();
  });
});

describe('what a framework asks for', () => {
  const offer = makeMessage(OfferSchema, {
    ...{ id: { value: 'o' }, frameworkId: { value: 'f' }, agentId: { value: 'a' }, hostname: 'h' },
  });
  const taskInfo = (more: Partial<TaskDescription>) =>
    taskInfoOf({ ...description, ...more }, 'id', offer, description.resources);

  test('a shell, a program, or what an image does', () => {
    expect(taskInfo({}).command).toEqual({ shell: true, value: 'true' });
    expect(taskInfo({ command: undefined, argv: ['ls', '-l'], user: 'ann' }).command).toEqual({
      ...{ shell: false, value: 'ls', arguments: ['ls', '-l'], user: 'ann' },
    });
    expect(taskInfo({ command: undefined, argv: ['ls', '-l'], dockerImage: 'nginx' }).command).toEqual({
      ...{ shell: false, value: 'ls', arguments: ['-l'] },
    });
    const image = taskInfo({ command: undefined, dockerImage: 'nginx', network: 'front' });
    expect(image).toMatchObject({
      command: { shell: false },
      container: {
        docker: { image: 'nginx', network: ContainerInfo_DockerInfo_Network.USER },
        networkInfos: [{ name: 'front' }],
      },
    });
  });

  test('its framework survives its agent and is known as ours', () => {
    const info = frameworkInfoOf({ description, user: 'ann', principal: 'ops', failoverTimeoutS: 60 });
    expect(info).toMatchObject({
      user: 'ann',
      principal: 'ops',
      checkpoint: true,
      failoverTimeout: 60,
      roles: ['*'],
    });
    expect(info.labels.labels).toEqual([{ key: 'orchestrator.run', value: 'true' }]);
  });

  test('values of variables may hold what they like', () => {
    expect(parseEnvironment(['A=b=c', 'B='])).toEqual({ A: 'b=c', B: '' });
    expect(() => parseEnvironment(['=x'])).toThrow('--env =x is not NAME=value');
  });
});

test('how a task ended is an exit code', () => {
  const { TASK_FINISHED, TASK_FAILED, TASK_KILLED, TASK_LOST } = TaskState;
  expect(exitCodeOf(TASK_FINISHED, 'Command exited with status 0')).toBe(0);
  expect(exitCodeOf(TASK_FAILED, 'Command exited with status 3')).toBe(3);
  expect(exitCodeOf(TASK_FAILED, 'Command terminated with signal Killed')).toBe(137);
  expect(exitCodeOf(TASK_KILLED, 'Container killed, exited with status 143')).toBe(143);
  expect(exitCodeOf(TASK_KILLED, 'Container killed, exited with status 0')).toBe(1);
  expect(exitCodeOf(TASK_LOST, '')).toBe(1);
});

test('the status of a process is an exit code or a signal', () => {
  expect([0, 7 << 8, 9, 15].map(decodeWaitStatus)).toEqual([0, 7, 137, 143]);
});

test('containers are within each other', () => {
  expect(nestedId([])).toBeUndefined();
  expect(nestedId(['a', 'b'])).toEqual({ value: 'b', parent: { value: 'a' } });
});

test('tasks of a group have folders of their own', () => {
  const task = { id: 'a/b', framework_id: 'f', executor_id: 'e', in_group: true };
  expect(sandboxPaths(task, 'stdout')).toEqual([
    '/frameworks/f/executors/e/runs/latest/tasks/a%2Fb/stdout',
    '/frameworks/f/executors/e/runs/latest/stdout',
  ]);
  expect(sandboxPaths({ ...task, in_group: false }, 'x')).toEqual([
    '/frameworks/f/executors/e/runs/latest/x',
  ]);
});
