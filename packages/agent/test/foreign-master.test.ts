/** Our agent under a master of Mesos: what was recorded of one is played, and what it hears compared with what it heard then. */
import { existsSync } from 'node:fs';
import {
  decodeMessage,
  internal,
  OperationState,
  TaskState,
  TaskStatus_Reason,
  writeJson,
} from '@orchestrator/mesos';
import { waitFor } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentId, type ForeignMaster, type Heard, recordedBody } from './foreign-master.ts';
import { capability, driver, ForeignScene, idOf, pods } from './foreign-scene.ts';
import { field, replaced, shapeOf } from './wire-message.ts';

const { TASK_STARTING, TASK_RUNNING, TASK_KILLED, TASK_LOST, TASK_DROPPED } = TaskState;
type Schema = Parameters<typeof decodeMessage>[0];

const otherAgent = agentId.replace(/0$/, '1');

let scene: ForeignScene;
let master: ForeignMaster;

beforeEach(async () => {
  scene = await ForeignScene.start();
  ({ master } = scene);
});
afterEach(() => scene?.end());

const json = (schema: Schema, body: Buffer) => JSON.parse(writeJson(schema, decodeMessage(schema, body)));

/** What is set in ours and not in the recorded one, and the other way round. */
function differences(schema: Schema, ours: Heard, recorded: string) {
  const own = shapeOf(json(schema, ours.body));
  const real = shapeOf(json(schema, recordedBody(recorded)));
  return {
    more: own.filter((path) => !real.includes(path)),
    less: real.filter((path) => !own.includes(path)),
  };
}

test('it registers, answers pings where they come from, and tells what a real one told, in the same words', async () => {
  const registration = await scene.register();
  const own = `127.0.0.1:${scene.agentPort}`;
  const headTo = (path: string) => [
    `POST /${path} HTTP/1.1`,
    `User-Agent: libprocess/slave(1)@${own}`,
    `Libprocess-From: slave(1)@${own}`,
    'Connection: Keep-Alive',
    `Host: 127.0.0.1:${master.port}`,
  ];
  const chunked = 'Transfer-Encoding: chunked';
  expect(registration.head).toEqual([...headTo('master/mesos.internal.RegisterSlaveMessage'), chunked]);
  const told = json(internal.RegisterSlaveMessageSchema, registration.body);
  const recorded = json(internal.RegisterSlaveMessageSchema, recordedBody('RegisterSlaveMessage'));
  recorded.agent.port = scene.agentPort;
  recorded.resource_version_uuid = told.resource_version_uuid;
  expect(told).toEqual(recorded);

  const update = await master.hear('UpdateSlaveMessage');
  expect(update.head).toEqual([...headTo('master/mesos.internal.UpdateSlaveMessage'), chunked]);
  expect(differences(internal.UpdateSlaveMessageSchema, update, 'UpdateSlaveMessage')).toEqual({
    more: [],
    less: [],
  });
  const pong = await master.hear('PongSlaveMessage');
  expect(pong.head).toEqual(headTo('slave-observer(1)/mesos.internal.PongSlaveMessage'));
  expect(new Set(master.heard.map(({ connection }) => connection)).size, 'connections').toBe(1);

  const all = /^(HTTP\/1\.1 202 Accepted\r\nDate: [^\r]+ GMT\r\nContent-Length: 0\r\n\r\n){2}$/;
  await waitFor(() => all.test(master.answers.get('master') ?? ''), { what: 'the answers of the agent' });
});

test('a task of a driver is launched, acknowledged and killed by recorded messages', async () => {
  await scene.register();
  await master.say('RunTaskMessage', scene.run());
  const starting = await master.hearUpdate('0', TASK_STARTING);
  await scene.acknowledge(starting);
  const running = await master.hearUpdate('0', TASK_RUNNING);
  const heard = await master.hear('StatusUpdateMessage', 2);
  const schema = internal.StatusUpdateMessageSchema;
  expect(differences(schema, heard, 'StatusUpdateMessage')).toEqual({ more: [], less: [] });
  await scene.acknowledge(running);
  const kill = replaced(recordedBody('KillTaskMessage'), [pods, driver], ['ck-cmd', '000000']);
  await master.say('KillTaskMessage', kill);
  await master.say('KillTaskMessage', Buffer.concat([idOf(1, driver), idOf(2, '0')]));
  const unknown = await master.hearUpdate('000000', TASK_LOST);
  expect(unknown.status.agentId?.value, 'of a framework that is not partition-aware').toBe(agentId);
  await master.hearUpdate('0', TASK_KILLED);
});

test('a group on a reservation, and what becomes of the reservation, as a real agent tells it', async () => {
  await scene.register();
  const operation = recordedBody('ApplyOperationMessage');
  const recorded = decodeMessage(internal.ApplyOperationMessageSchema, operation);
  const version = Buffer.from(recorded.resourceVersionUuid.uuid.value);
  await master.say('ApplyOperationMessage', scene.decided(operation, version));
  const done = await master.hear('UpdateOperationStatusMessage');
  const schema = internal.UpdateOperationStatusMessageSchema;
  expect(differences(schema, done, 'UpdateOperationStatusMessage')).toEqual({ more: [], less: [] });
  const { status, operationUuid } = decodeMessage(schema, done.body);
  expect(status.state).toBe(OperationState.OPERATION_FINISHED);
  const acknowledgement = replaced(
    recordedBody('AcknowledgeOperationStatusMessage'),
    [
      decodeMessage(schema, recordedBody('UpdateOperationStatusMessage')).status.uuid?.value as Buffer,
      Buffer.from(status.uuid?.value ?? []),
    ],
    [recorded.operationUuid.value as Buffer, Buffer.from(operationUuid?.value ?? [])],
  );
  await master.say('AcknowledgeOperationStatusMessage', acknowledgement);

  await master.say('RunTaskGroupMessage', scene.runGroup());
  await master.hearUpdate('ck-pod-a', TASK_STARTING);

  // Another master leads at the same address, and knows nobody: what the agent brings is all there is.
  await master.say('PingSlaveMessage', field(1, 0), { from: 'slave-observer(1)' });
  const again = await master.hear('ReregisterSlaveMessage');
  const told = json(internal.ReregisterSlaveMessageSchema, again.body);
  expect(told.checkpointed_resources).toEqual([
    { name: 'disk', type: 'SCALAR', scalar: { value: 64 }, role: 'ck', reservation: {} },
  ]);
  for (const { role } of [
    ...told.agent.resources,
    ...told.tasks[0].resources,
    ...told.executor_infos[0].resources,
  ])
    expect(role, 'of unreserved resources, as before reservations could be refined').toBe('*');
  expect(told.frameworks).toMatchObject([{ id: { value: pods }, checkpoint: true }]);

  await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(2)' });
  const readmitted = replaced(recordedBody('SlaveReregisteredMessage'), [otherAgent, agentId]);
  await master.say('SlaveReregisteredMessage', readmitted);
  await master.hear('UpdateSlaveMessage', 2);
  // CheckpointResourcesMessage without any: the reservation is gone.
  await master.say('CheckpointResourcesMessage', Buffer.alloc(0));
  await master.say('PingSlaveMessage', field(1, 0), { from: 'slave-observer(2)' });
  await waitFor(
    () =>
      master
        .all('ReregisterSlaveMessage')
        .map(({ body }) => json(internal.ReregisterSlaveMessageSchema, body))
        .some(({ checkpointed_resources: left = [] }) => left.length === 0),
    { what: 'a registration without the reservation' },
  );
  await master.say('SlaveReregisteredMessage', readmitted);
  await master.hear('UpdateSlaveMessage', 3);
});

test('when another master leads the agent goes there with its tasks, and hears the first one no more', async () => {
  await scene.register();
  await master.say('RunTaskMessage', scene.run());
  await master.hearUpdate('0', TASK_STARTING);
  const { standby } = scene;
  master.leader = standby;
  standby.leader = standby;
  const again = await standby.hear('ReregisterSlaveMessage');
  const schema = internal.ReregisterSlaveMessageSchema;
  const { more, less } = differences(schema, again, 'ReregisterSlaveMessage');
  expect({ more, less }).toEqual({ more: [], less: [] });

  // As recorded: the observer is there before the answer.
  await standby.say('PingSlaveMessage', undefined, { from: 'slave-observer(7)' });
  const lost = Buffer.concat([idOf(1, 'unheard'), field(2, TaskState.TASK_STAGING)]);
  const unheard = field(2, Buffer.concat([idOf(1, driver), field(2, lost)]));
  // Of one that this agent has never had a task of, masters tell what it understands.
  const info = Buffer.concat([field(1, 'root'), field(2, 'elsewhere'), capability.partitionAware]);
  const never = Buffer.concat([idOf(1, 'never'), field(2, TaskState.TASK_STAGING)]);
  const elsewhere = field(2, Buffer.concat([idOf(1, 'elsewhere'), field(2, never), field(3, info)]));
  const readmitted = replaced(recordedBody('SlaveReregisteredMessage'), [otherAgent, agentId]);
  await standby.say('SlaveReregisteredMessage', Buffer.concat([readmitted, unheard, elsewhere]));
  expect((await standby.hear('PongSlaveMessage')).to).toBe('slave-observer(7)');
  expect((await standby.hearUpdate('0', TASK_STARTING)).latestState).toBe(TASK_RUNNING);
  await standby.hearUpdate('unheard', TASK_LOST);
  const { status } = await standby.hearUpdate('never', TASK_DROPPED);
  expect(status.reason).toBe(TaskStatus_Reason.RECONCILIATION);
  const known = replaced(recordedBody('UpdateFrameworkMessage'), [`${driver.slice(0, -1)}2`, driver]);
  await standby.say('UpdateFrameworkMessage', known);
  await standby.hearUpdate('0', TASK_STARTING);

  await master.say('ShutdownFrameworkMessage', idOf(1, driver));
  await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(1)' });
  await master.hear('PongSlaveMessage', 2);
  expect((await scene.state()).frameworks.length, 'after an order of a master that does not lead').toBe(1);
  scene.master = standby;
});

test('messages come in pieces, many in one, on several connections, half-closed, and as garbage between', async () => {
  await scene.register();
  await master.say('RunTaskMessage', scene.run(), { pieceBytes: 7, connection: 'slow' });
  await master.hearUpdate('0', TASK_STARTING);
  for (let at = 0; at < 50; at++)
    await master.say('PingSlaveMessage', undefined, { from: `slave-observer(${at})` });
  await master.hear('PongSlaveMessage', 51);
  expect(new Set(master.all('PongSlaveMessage').map(({ to }) => to)).size).toBe(50);

  // One that is not linked: a connection of its own, whose writing half is closed at once.
  await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(90)', connection: 'burst' });
  master.write('', 'burst').end();
  await waitFor(() => master.all('PongSlaveMessage').some(({ to }) => to === 'slave-observer(90)'), {
    what: 'its pong',
  });
  await waitFor(() => master.answers.get('burst')?.startsWith('HTTP/1.1 202 Accepted\r\n'), {
    what: 'its answer',
  });

  const from = `Libprocess-From: master@127.0.0.1:${master.port}\r\n`;
  const odd: [string, string, number][] = [
    ['unknown message', `POST /slave(1)/mesos.internal.NoSuchMessage HTTP/1.1\r\n${from}\r\n`, 202],
    [
      'body that lacks what is required',
      `POST /slave(1)/mesos.internal.RunTaskMessage HTTP/1.1\r\n${from}\r\n`,
      202,
    ],
    [
      'escaped name',
      `POST /slave%281%29/mesos.internal.KillTaskMessage HTTP/1.1\r\n${from}Content-Length: 2\r\n\r\nab`,
      202,
    ],
    ['unknown process', `POST /slave(2)/mesos.internal.PingSlaveMessage HTTP/1.1\r\n${from}\r\n`, 404],
    ['no sender', 'POST /slave(1)/mesos.internal.PingSlaveMessage HTTP/1.1\r\n\r\n', 404],
    ['no HTTP', 'garbage\r\n\r\n', 400],
  ];
  for (const [name, bytes, status] of odd) {
    master.write(bytes, name);
    const isAnswered = () => master.answers.get(name)?.startsWith(`HTTP/1.1 ${status} `);
    await waitFor(isAnswered, { what: () => `${status} for ${name}; it was ${master.answers.get(name)}` });
  }
  await master.hearUpdate('0', TASK_STARTING);
  expect(scene.agent.ended).toBeUndefined();
});

test('told to end, it ends its tasks and itself; started again it is another agent', async () => {
  await scene.register();
  await master.say('RunTaskMessage', scene.run());
  const starting = await master.hearUpdate('0', TASK_STARTING);
  await scene.acknowledge(starting);
  const { status } = await master.hearUpdate('0', TASK_RUNNING);
  const pid = status.containerStatus?.executorPid ?? 0;
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  await master.say('ShutdownMessage', field(1, 'Agent has been removed'));
  await scene.agent.exit;
  expect(scene.agent.ended).toBe('exit code 1');
  expect(existsSync(`/proc/${pid}`), 'its task').toBe(false);
  const before = master.all('RegisterSlaveMessage').length;
  await scene.startAgent();
  await master.hear('RegisterSlaveMessage', before + 1);
  await master.say('ShutdownMessage', field(1, 'Machine is DOWN'));
  await scene.agent.exit;
  expect(scene.agent.ended, 'of one that is not let in').toBe('exit code 1');
});

test('called by the name of another agent it ends, and comes back as what it is', async () => {
  await scene.register();
  await master.say('PingSlaveMessage', field(1, 0), { from: 'slave-observer(1)' });
  await master.hear('ReregisterSlaveMessage');
  await master.say('SlaveReregisteredMessage');
  await scene.agent.exit;
  expect(scene.agent.ended).toBe('exit code 1');
  await scene.startAgent();
  const again = await scene.readmit(2);
  expect(json(internal.ReregisterSlaveMessageSchema, again.body).agent.id.value).toBe(agentId);
});
