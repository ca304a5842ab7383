import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeMessage, TaskSchema, TaskState } from '@orchestrator/mesos';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyOf, type SavedRecord } from '../core/saved.ts';
import { agentInfo, commandTask } from '../core/scripted-agent.ts';
import { CheckpointStore } from './store.ts';

let workDir: string;
beforeAll(async () => {
  workDir = await temporaryFolder('checkpoint');
});
afterAll(() => removeFolder(workDir));

const info = commandTask('..');
const task: SavedRecord = {
  ...{
    kind: 'task',
    frameworkId: 'F',
    executorId: '/'.repeat(255),
    executorContainerId: 'c',
    containerId: 'c',
  },
  ...{ info, phase: 'launched', killRequest: undefined, pending: [], taken: ['ab'] },
  task: makeMessage(TaskSchema, {
    ...{ name: 't', taskId: info.taskId, agentId: info.agentId },
    ...{ frameworkId: { value: 'F' }, state: TaskState.TASK_STAGING },
  }),
};

test('what is saved is read by the next, whatever the ids are; what is forgotten leaves nothing', async () => {
  const store = new CheckpointStore({ workDir });
  const agent: SavedRecord = { kind: 'agent', info: agentInfo() };
  for (const record of [agent, task]) await store.save(keyOf(record), record);
  const { killRequest, ...rest } = task;
  expect(await new CheckpointStore({ workDir }).read()).toEqual(
    expect.arrayContaining([agent, expect.objectContaining(rest)]),
  );
  expect(killRequest).toBeUndefined();
  await store.forget(keyOf(task));
  expect(await store.read()).toEqual([agent]);
  expect(await readdir(join(workDir, 'meta/state'))).toEqual(['agent']);
});

test('a write that was not finished is dropped, a damaged file stops the start', async () => {
  const store = new CheckpointStore({ workDir });
  const folder = join(workDir, 'meta/state');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'drain+new'), '{"vers');
  await expect(store.read()).resolves.toBeDefined();
  await writeFile(join(folder, 'drain'), '{"vers');
  await expect(store.read()).rejects.toMatchObject({ code: 'CheckpointUnreadable' });
});

test('a reboot is told apart from a restart', async () => {
  const store = new CheckpointStore({ workDir });
  const boot = join(workDir, 'boot');
  await writeFile(boot, 'one\n');
  expect(await store.noteBoot(boot)).toBe(false);
  expect(await store.noteBoot(boot)).toBe(false);
  await writeFile(boot, 'two\n');
  expect(await store.noteBoot(boot)).toBe(true);
});
