import { expect, onTestFinished, test } from 'vitest';
import {
  createExecutorClient,
  type ExecutorClientOptions,
  executor,
  readExecutorEnvironment,
  TaskState,
} from '../src/index.ts';
import { beginEvents, refuse, type ScriptedServer, serve, until } from './scripted-server.ts';

function start(agent: ScriptedServer, options: Partial<ExecutorClientOptions> = {}) {
  const events: executor.Event_Type[] = [];
  const client = createExecutorClient({
    agent,
    executorId: 'e',
    frameworkId: 'f',
    maxDelayMs: 10,
    onEvent: ({ type }) => void events.push(type),
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, events };
}

const subscribed = {
  type: 'SUBSCRIBED',
  subscribed: {
    executor_info: { executor_id: { value: 'e' } },
    framework_info: { user: 'root', name: 'web' },
    agent_info: { hostname: 'h' },
  },
};
const task = { name: 't', task_id: { value: 't' }, agent_id: { value: 'a' } };
const launch = { type: 'LAUNCH', launch: { task } };
const running = { taskId: { value: 't' }, state: TaskState.TASK_RUNNING };

// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
const callsOf = (server: ScriptedServer): any[] =>
  server.requests.map(({ body }) => JSON.parse(String(body)));
const isSubscribe = (body: Buffer) => JSON.parse(String(body)).type === 'SUBSCRIBE';

test('what was not acknowledged is told again', async () => {
  let endFirst = () => undefined as unknown;
  const server = await serve(({ body }, response) => {
    if (!isSubscribe(body)) {
      response.writeHead(202).end();
      endFirst();
      return;
    }
    const send = beginEvents(response);
    send(subscribed);
    if (server.requests.length > 1) return;
    send(launch);
    endFirst = () => response.end();
  });
  const { client, events } = start(server);
  await until(() => events.includes(executor.Event_Type.LAUNCH));
  await client.update(running);
  await until(() => callsOf(server).filter(({ type }) => type === 'SUBSCRIBE').length > 1);
  const calls = callsOf(server);
  const [update] = calls.filter(({ type }) => type === 'UPDATE');
  expect(update).toMatchObject({
    executor_id: { value: 'e' },
    framework_id: { value: 'f' },
    update: { status: { state: 'TASK_RUNNING', source: 'SOURCE_EXECUTOR', executor_id: { value: 'e' } } },
  });
  expect(update.update.status.uuid).toHaveLength(24);
  const again = calls.filter(({ type }) => type === 'SUBSCRIBE')[1].subscribe;
  expect(again.unacknowledged_updates).toEqual([update.update]);
  expect(again.unacknowledged_tasks).toEqual([task]);
});

test('what was acknowledged is not', async () => {
  let send: ReturnType<typeof beginEvents> = () => undefined;
  let end = () => undefined as unknown;
  const server = await serve(({ body }, response) => {
    if (isSubscribe(body)) {
      send = beginEvents(response);
      end = () => response.end();
      send(subscribed);
    } else {
      const { task_id, uuid } = JSON.parse(String(body)).update.status;
      send({ type: 'ACKNOWLEDGED', acknowledged: { task_id, uuid } });
      response.writeHead(202).end();
    }
  });
  const { client, events } = start(server);
  await until(() => client.subscribed);
  send(launch);
  await client.update(running);
  await until(() => events.includes(executor.Event_Type.ACKNOWLEDGED));
  end();
  await until(() => callsOf(server).length === 3);
  expect(callsOf(server)[2].subscribe).toEqual({});
});

test('an update without a connection waits for one', async () => {
  const server = await serve((_, response) => {
    if (server.requests.length < 3) refuse(response, 503, 'Agent has not finished recovery');
    else beginEvents(response)(subscribed);
  });
  const { client } = start(server);
  await client.update(running);
  await until(() => client.subscribed);
  const told = callsOf(server).flatMap(
    ({ subscribe, update }) => subscribe?.unacknowledged_updates ?? update ?? [],
  );
  expect(told.at(-1).status).toMatchObject({ state: 'TASK_RUNNING' });
});

test('updates do not overtake each other', async () => {
  const server = await serve(({ body }, response) => {
    if (isSubscribe(body)) beginEvents(response)(subscribed);
    else setTimeout(() => response.writeHead(202).end(), server.requests.length === 2 ? 30 : 0);
  });
  const { client } = start(server);
  await until(() => client.subscribed);
  const states = [TaskState.TASK_STARTING, TaskState.TASK_RUNNING, TaskState.TASK_FINISHED];
  await Promise.all(states.map((state) => client.update({ ...running, state })));
  expect(
    callsOf(server)
      .slice(1)
      .map(({ update }) => update.status.state),
  ).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
});

test('an update that is not taken is sent again, with the same uuid', async () => {
  const server = await serve(({ body }, response) => {
    if (isSubscribe(body)) beginEvents(response)(subscribed);
    else if (server.requests.length < 4) refuse(response, 503, 'Agent has not finished recovery');
    else response.writeHead(202).end();
  });
  const { client } = start(server);
  await until(() => client.subscribed);
  await client.update(running);
  const uuids = callsOf(server)
    .slice(1)
    .map(({ update }) => update.status.uuid);
  expect(uuids).toHaveLength(3);
  expect(new Set(uuids).size).toBe(1);
});

test('SHUTDOWN is the end', async () => {
  const server = await serve((_, response) => beginEvents(response)(subscribed, { type: 'SHUTDOWN' }));
  const { client, events } = start(server);
  await client.done;
  expect(events.at(-1)).toBe(executor.Event_Type.SHUTDOWN);
});

test('an agent that stays away is the end', async () => {
  const server = await serve((_, response) => response.destroy());
  const { client } = start(server, { recoveryTimeoutMs: 40 });
  await expect(client.done).rejects.toMatchObject({ code: 'timeout' });
});

test('the environment that a real agent gives', () => {
  const variables = {
    MESOS_AGENT_ENDPOINT: '127.0.0.5:5150',
    MESOS_EXECUTOR_ID: 'node-exec',
    MESOS_FRAMEWORK_ID: 'ff3df997-b5d0-4a23-b319-0273d7d8d9b7-0004',
    MESOS_DIRECTORY: '/sandbox',
    MESOS_CHECKPOINT: '1',
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '5secs',
  };
  expect(readExecutorEnvironment(variables)).toEqual({
    agent: { host: '127.0.0.5', port: 5150 },
    executorId: 'node-exec',
    frameworkId: 'ff3df997-b5d0-4a23-b319-0273d7d8d9b7-0004',
    directory: '/sandbox',
    checkpoint: true,
    recoveryTimeoutMs: 900_000,
    subscriptionBackoffMaxMs: 2_000,
    shutdownGracePeriodMs: 5_000,
    authenticationToken: undefined,
  });
  expect(() => readExecutorEnvironment({})).toThrow('MESOS_AGENT_ENDPOINT is not set');
  expect(() => readExecutorEnvironment({ ...variables, MESOS_RECOVERY_TIMEOUT: 'soon' })).toThrow(
    '"soon" is no duration',
  );
});
