/** An executor as drivers from before the v1 API are: all it says and hears are messages of libprocess. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createProbe } from 'node:net';
import {
  createLibprocess,
  createSharedServer,
  internal,
  makeMessage,
  newUuidBytes,
  onMessage,
  parseUpid,
  readTls,
  routeMessages,
  TaskState,
  tlsVariables,
} from '@orchestrator/mesos';

const { MESOS_SLAVE_PID = '', MESOS_FRAMEWORK_ID = '', MESOS_EXECUTOR_ID = '' } = process.env;
const frameworkId = { value: MESOS_FRAMEWORK_ID };
const executorId = { value: MESOS_EXECUTOR_ID };

async function freePort(): Promise<number> {
  const probe = createProbe().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const port = await freePort();
const tls = await readTls(tlsVariables(process.env));
const libprocess = createLibprocess({
  ...(tls && { tls }),
  address: { host: '127.0.0.1', port },
  onHandlerError: (error, { type }) => void process.stderr.write(`${type}: ${String(error)}\n`),
});
const agent = parseUpid(MESOS_SLAVE_PID);
if (agent === undefined) throw new Error(`MESOS_SLAVE_PID is "${MESOS_SLAVE_PID}"`);
const pending = new Map<string, internal.StatusUpdateValid>();

function update(taskId: string, state: TaskState, data = ''): void {
  const uuid = newUuidBytes();
  const timestamp = Date.now() / 1000;
  const status = { taskId: { value: taskId }, state, source: 2 as const, data: Buffer.from(data) };
  const message = makeMessage(internal.StatusUpdateSchema, {
    frameworkId,
    executorId,
    status,
    timestamp,
    uuid,
  });
  pending.set(Buffer.from(uuid).toString('hex'), message as internal.StatusUpdateValid);
  const sent = { update: message, pid: `executor(1)@127.0.0.1:${port}` };
  const schema = internal.StatusUpdateMessageSchema;
  own.send(agent as NonNullable<typeof agent>, schema, makeMessage(schema, sent));
}

const tasks = new Map<string, internal.RunTaskMessageValid['task']>();
const own = libprocess.spawn(
  'executor(1)',
  routeMessages([
    onMessage(internal.ExecutorRegisteredMessageSchema, ({ executorInfo }) => {
      process.stdout.write(`registered ${executorInfo.executorId.value}\n`);
    }),
    onMessage(internal.ExecutorReregisteredMessageSchema, () => void process.stdout.write('again\n')),
    onMessage(internal.ReconnectExecutorMessageSchema, (_, from) => {
      const updates = [...pending.values()];
      const schema = internal.ReregisterExecutorMessageSchema;
      const had = { executorId, frameworkId, tasks: [...tasks.values()], updates };
      own.send(from, schema, makeMessage(schema, had));
    }),
    onMessage(internal.RunTaskMessageSchema, ({ task }) => {
      tasks.set(task.taskId.value, task);
      update(task.taskId.value, TaskState.TASK_RUNNING, Buffer.from(task.data).toString());
    }),
    onMessage(internal.KillTaskMessageSchema, ({ taskId }) => update(taskId.value, TaskState.TASK_KILLED)),
    onMessage(internal.StatusUpdateAcknowledgementMessageSchema, ({ taskId, uuid }) => {
      pending.delete(Buffer.from(uuid).toString('hex'));
      tasks.delete(taskId.value);
    }),
    onMessage(internal.FrameworkToExecutorMessageSchema, ({ data, agentId }) => {
      const echo = { agentId, frameworkId, executorId, data };
      const schema = internal.ExecutorToFrameworkMessageSchema;
      own.send(agent, schema, makeMessage(schema, echo));
    }),
    onMessage(internal.ShutdownExecutorMessageSchema, () => process.exit(0)),
  ]),
);
createSharedServer({ libprocess, http: createServer(), ...(tls && { tls }) }).listen(
  port,
  '127.0.0.1',
  () => {
    const schema = internal.RegisterExecutorMessageSchema;
    own.send(agent, schema, makeMessage(schema, { frameworkId, executorId }));
  },
);
