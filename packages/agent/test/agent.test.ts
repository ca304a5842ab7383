/** An agent in a process of its own, real tasks, and a scripted master over real sockets. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { internal, TaskState, TaskStatus_Reason } from '@orchestrator/mesos';
import {
  freePorts,
  removeFolder,
  type ServerProcess,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { frameworkId, ScriptedMaster, task } from './scripted-master.ts';

const { TASK_STARTING, TASK_RUNNING, TASK_FINISHED, TASK_FAILED, TASK_KILLED } = TaskState;

let workDir: string;
let master: ScriptedMaster;
let agent: ServerProcess;
let ports: number[];

async function startAgent(): Promise<ServerProcess> {
  const program = fileURLToPath(new URL('agent-daemon.ts', import.meta.url));
  const flags = {
    ...{ master: `127.0.0.1:${ports[0]}`, port: String(ports[1]), work_dir: workDir, hostname: 'h' },
    ...{ resources: 'cpus:4;mem:2048;disk:1000', registration_backoff_factor: '10ms' },
  };
  const args = [program, JSON.stringify(flags)];
  return startProcess({ command: process.execPath, args, logFile: join(workDir, 'agent.log') });
}

async function kill(): Promise<void> {
  agent.signal('SIGKILL');
  await agent.exit;
}

beforeEach(async () => {
  workDir = await temporaryFolder('agent');
  ports = await freePorts(2);
  master = new ScriptedMaster(ports[0]!);
  agent = await startAgent();
});
afterEach(async () => {
  await kill();
  master.close();
  await removeFolder(workDir);
});

const sandbox = (taskId: string) =>
  join(workDir, 'slaves/M-S0/frameworks/F-0001/executors', taskId, 'runs/latest');

/** How many updates of the task wait on disk. */
async function savedUpdates(taskId: string): Promise<number> {
  const folder = join(workDir, 'meta/state/frameworks/F-0001/executors', taskId);
  const [containerId = ''] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, containerId, 'tasks', taskId), 'utf8')).pending.length;
}

const until = (taskId: string, states: number[]) =>
  waitFor(() => master.statesOf(taskId).length >= states.length, { what: `${taskId} ${states}` }).then(() =>
    expect(master.statesOf(taskId)).toEqual(states),
  );

test('a task starts, runs and finishes; output and environment are in its sandbox', async () => {
  await master.untilRegistered();
  expect(master.registrations[0]?.agent).toMatchObject({ hostname: 'h', checkpoint: true });
  master.ping();
  master.run(task('t1', 'echo $MESOS_EXECUTOR_ID'));
  master.run(task('t2', 'exit 7'));
  await until('t1', [TASK_STARTING, TASK_RUNNING, TASK_FINISHED]);
  await until('t2', [TASK_STARTING, TASK_RUNNING, TASK_FAILED]);
  const failed = master.updates.find(({ status }) => status.state === TASK_FAILED)?.status;
  expect(failed?.message).toBe('Command exited with status 7');
  expect(await readFile(join(sandbox('t1'), 'stdout'), 'utf8')).toBe('t1\n');
  expect(master.pongs).toBe(1);
  await waitFor(async () => (await readdir(join(workDir, 'meta/state'))).length === 1, {
    what: 'nothing left',
  });
});

test('what is fetched for a task is what its checksum says, or the task does not start', async () => {
  await master.untilRegistered();
  const file = join(workDir, 'app.txt');
  await writeFile(file, 'app');
  const sha256 = createHash('sha256').update('app').digest('hex');
  const fetching = (taskId: string, checksum: string) =>
    task(taskId, '', {
      command: { value: 'cat app.txt', uris: [{ value: `file://${file}#sha256=${checksum}` }] },
    });
  master.run(fetching('good', sha256));
  master.run(fetching('bad', '0'.repeat(64)));
  await until('good', [TASK_STARTING, TASK_RUNNING, TASK_FINISHED]);
  expect(await readFile(join(sandbox('good'), 'stdout'), 'utf8')).toBe('app');
  await until('bad', [TASK_STARTING, TASK_FAILED]);
  const failed = master.updates.find(({ status }) => status.state === TASK_FAILED)?.status;
  expect(failed?.message).toContain(`its SHA-256 is ${sha256}`);
});

test('a task is killed when its framework asks for it', async () => {
  await master.untilRegistered();
  master.run(task('t1', 'sleep 1000'));
  await until('t1', [TASK_STARTING, TASK_RUNNING]);
  master.send(internal.KillTaskMessageSchema, { frameworkId, taskId: { value: 't1' } });
  await until('t1', [TASK_STARTING, TASK_RUNNING, TASK_KILLED]);
});

test('kill -9 and a restart keep tasks, pending updates and the exit codes of what ended meanwhile', async () => {
  await master.untilRegistered();
  master.run(task('stays', 'until [ -e go ]; do sleep 0.05; done; exit 4'));
  master.run(task('ends', 'until [ -e go ]; do sleep 0.05; done; exit 9'));
  for (const taskId of ['stays', 'ends']) await until(taskId, [TASK_STARTING, TASK_RUNNING]);
  master.acknowledges = false;
  master.run(task('pending', 'true'));
  await until('pending', [TASK_STARTING]);
  await waitFor(async () => (await savedUpdates('pending')) === 3, { what: 'its updates on disk' });
  await kill();
  await writeFile(join(sandbox('ends'), 'go'), '');
  await waitFor(() => existsSync(join(workDir, 'containers/process/exits')), { what: 'exit codes' });
  master.acknowledges = true;
  agent = await startAgent();
  await master.untilReregistered();
  const names = master.reregistrations[0]?.tasks.map(({ taskId }) => taskId.value).toSorted();
  expect(names).toEqual(['ends', 'pending', 'stays']);
  await until('ends', [TASK_STARTING, TASK_RUNNING, TASK_FAILED]);
  await until('pending', [TASK_STARTING, TASK_RUNNING, TASK_FINISHED]);
  const failed = master.updates.find(({ status }) => status.state === TASK_FAILED)?.status;
  expect(failed).toMatchObject({
    reason: TaskStatus_Reason.COMMAND_EXECUTOR_FAILED,
    message: 'Command exited with status 9',
  });
  await writeFile(join(sandbox('stays'), 'go'), '');
  await until('stays', [TASK_STARTING, TASK_RUNNING, TASK_FAILED]);
});

test('a custom executor subscribes, runs what it is given, and finds the agent again after kill -9', async () => {
  await master.untilRegistered();
  const program = fileURLToPath(new URL('executor-program.ts', import.meta.url));
  const value = `exec ${process.execPath} ${program}`;
  const executor = { type: 2, executorId: { value: 'e' }, frameworkId, command: { value } };
  const custom = (taskId: string) =>
    task(taskId, '', { command: undefined, executor, data: Buffer.from('d') });
  master.run(custom('c1'));
  await until('c1', [TASK_RUNNING]);
  expect(Buffer.from(master.updates[0]?.status.data ?? []).toString()).toBe('d');
  await kill();
  agent = await startAgent();
  await master.untilReregistered();
  expect(master.reregistrations[0]?.executorInfos.map(({ executorId }) => executorId.value)).toEqual(['e']);
  master.run(custom('c2'));
  await until('c2', [TASK_RUNNING]);
  master.send(internal.KillTaskMessageSchema, { frameworkId, taskId: { value: 'c1' } });
  await until('c1', [TASK_RUNNING, TASK_KILLED]);
  master.send(internal.ShutdownExecutorMessageSchema, { frameworkId, executorId: { value: 'e' } });
  // Of which it said nothing before it ended.
  await until('c2', [TASK_RUNNING, TASK_FAILED]);
  await waitFor(() => master.exited.length === 1, { what: 'the end of the executor' });
});

test('a group runs as one: when a task of it fails, the others end', async () => {
  await master.untilRegistered();
  const framework = { user: 'root', name: 'f', id: frameworkId, checkpoint: true, roles: ['*'] };
  const executor = { type: 1, executorId: { value: 'pod' }, frameworkId } as const;
  const tasks = [task('g1', 'sleep 1000'), task('g2', 'sleep 0.3; exit 3')];
  master.send(internal.RunTaskGroupMessageSchema, { framework, executor, taskGroup: { tasks } });
  await until('g2', [TASK_STARTING, TASK_RUNNING, TASK_FAILED]);
  await until('g1', [TASK_STARTING, TASK_RUNNING, TASK_KILLED]);
  await waitFor(() => master.exited.length === 1, { what: 'the end of the group' });
});
