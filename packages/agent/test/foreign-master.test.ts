/** Our agent under a master of Mesos: what was recorded of one is played, and what it hears compared with what it heard then. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeMessage, internal, OperationState, TaskState, writeJson } from '@orchestrator/mesos';
import {
  freePorts,
  removeFolder,
  type ServerProcess,
  startProcess,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentNodeFlags } from '../src/index.ts';
import { agentId, ForeignMaster, type Heard, recordedBody } from './foreign-master.ts';
import { field, replaced, shapeOf } from './wire-message.ts';

const { TASK_STARTING, TASK_RUNNING, TASK_KILLED, TASK_LOST } = TaskState;
type Schema = Parameters<typeof decodeMessage>[0];

/** Ids of the recording. */
const driver = '321a1cc4-df3a-4dac-a5b8-a13363a59115-0000';
const pods = '1c4bb5be-bdc7-437a-be4c-d816141cca6d-0000';
const otherAgent = agentId.replace(/0$/, '1');

let workDir: string;
let agentPort: number;
let master: ForeignMaster;
let standby: ForeignMaster;
let agent: ServerProcess;

/** With what the recorded agent had. */
async function startAgent(): Promise<ServerProcess> {
  const program = fileURLToPath(new URL('agent-daemon.ts', import.meta.url));
  const flags = {
    ...{ master: `127.0.0.1:${master.port},127.0.0.1:${standby.port}`, port: String(agentPort) },
    ...{ work_dir: workDir, hostname: '127.0.0.5', attributes: 'rack:r1;zone:z1' },
    ...{ resources: 'cpus:8;mem:8192;disk:20000;ports:[31000-32000];bandwidth:1000' },
    ...{ registration_backoff_factor: '10ms', containerizers: 'process' },
  };
  const args = [...agentNodeFlags, program, JSON.stringify(flags)];
  return startProcess({ command: process.execPath, args, logFile: join(workDir, 'agent.log') });
}

beforeEach(async () => {
  workDir = await temporaryFolder('foreign-master');
  [agentPort = 0] = await freePorts(1);
  master = await ForeignMaster.start(agentPort);
  standby = await ForeignMaster.start(agentPort);
  standby.leader = master;
  agent = await startAgent();
});
afterEach(async () => {
  await master.say('ShutdownFrameworkMessage', idOf(1, driver));
  await master.say('ShutdownFrameworkMessage', idOf(1, pods));
  const isOver = async () => agent.ended !== undefined || (await frameworks()) === 0;
  await waitFor(isOver, { what: 'the end of all tasks' });
  agent.signal('SIGKILL');
  await agent.exit;
  master.close();
  standby.close();
  await removeFolder(workDir);
});

async function frameworks(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${agentPort}/state`);
  return ((await answer.json()) as { frameworks: unknown[] }).frameworks.length;
}

const idOf = (number: number, id: string) => field(number, field(1, id));
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

async function register(): Promise<Heard> {
  const registration = await master.hear('RegisterSlaveMessage');
  await master.say('SlaveRegisteredMessage');
  await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(1)' });
  await master.hear('PongSlaveMessage');
  return registration;
}

/** The version of its resources, which decisions have to name. */
const versionOf = ({ body }: Heard) =>
  Buffer.from(decodeMessage(internal.RegisterSlaveMessageSchema, body).resourceVersionUuid?.value ?? []);

const recordedVersion = (
  schema: typeof internal.RunTaskMessageSchema | typeof internal.RunTaskGroupMessageSchema,
) => Buffer.from(decodeMessage(schema, recordedBody(schema.name)).resourceVersionUuids[0]?.uuid.value ?? []);

/** The recorded launch of the task `0`, with another id and a shorter command if they are as long. */
function recordedRun(registration: Heard, changes: [string, string][] = []): Buffer {
  const version: [Buffer, Buffer] = [recordedVersion(internal.RunTaskMessageSchema), versionOf(registration)];
  return replaced(recordedBody('RunTaskMessage'), version, ...changes);
}

/** The recorded acknowledgement, of this update. */
function acknowledgement({ uuid }: internal.StatusUpdateValid): Buffer {
  const body = recordedBody('StatusUpdateAcknowledgementMessage');
  return replaced(body, [body.subarray(-16), Buffer.from(uuid)]);
}

test('it registers, answers pings where they come from, and tells what a real one told, in the same words', async () => {
  const registration = await register();
  const own = `127.0.0.1:${agentPort}`;
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
  recorded.agent.port = agentPort;
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
  const registration = await register();
  await master.say('RunTaskMessage', recordedRun(registration));
  const starting = await master.hearUpdate('0', TASK_STARTING);
  await master.say('StatusUpdateAcknowledgementMessage', acknowledgement(starting));
  const running = await master.hearUpdate('0', TASK_RUNNING);
  const heard = await master.hear('StatusUpdateMessage', 2);
  const schema = internal.StatusUpdateMessageSchema;
  expect(differences(schema, heard, 'StatusUpdateMessage')).toEqual({ more: [], less: [] });
  await master.say('StatusUpdateAcknowledgementMessage', acknowledgement(running));
  const kill = replaced(recordedBody('KillTaskMessage'), [pods, driver], ['ck-cmd', '000000']);
  await master.say('KillTaskMessage', kill);
  await master.say('KillTaskMessage', Buffer.concat([idOf(1, driver), idOf(2, '0')]));
  const unknown = await master.hearUpdate('000000', TASK_LOST);
  expect(unknown.status.agentId?.value, 'of a framework that is not partition-aware').toBe(agentId);
  await master.hearUpdate('0', TASK_KILLED);
});

test('a group on a reservation, and what becomes of the reservation, as a real agent tells it', async () => {
  const registration = await register();
  const operation = recordedBody('ApplyOperationMessage');
  const recorded = decodeMessage(internal.ApplyOperationMessageSchema, operation);
  const version: [Buffer, Buffer] = [
    Buffer.from(recorded.resourceVersionUuid.uuid.value),
    versionOf(registration),
  ];
  await master.say('ApplyOperationMessage', replaced(operation, version));
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

  const groupVersion: [Buffer, Buffer] = [
    recordedVersion(internal.RunTaskGroupMessageSchema),
    versionOf(registration),
  ];
  await master.say(
    'RunTaskGroupMessage',
    replaced(recordedBody('RunTaskGroupMessage'), groupVersion, [otherAgent, agentId]),
  );
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
  const registration = await register();
  await master.say('RunTaskMessage', recordedRun(registration));
  await master.hearUpdate('0', TASK_STARTING);
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
  const readmitted = replaced(recordedBody('SlaveReregisteredMessage'), [otherAgent, agentId]);
  await standby.say('SlaveReregisteredMessage', Buffer.concat([readmitted, unheard]));
  expect((await standby.hear('PongSlaveMessage')).to).toBe('slave-observer(7)');
  expect((await standby.hearUpdate('0', TASK_STARTING)).latestState).toBe(TASK_RUNNING);
  await standby.hearUpdate('unheard', TASK_LOST);
  const known = replaced(recordedBody('UpdateFrameworkMessage'), [`${driver.slice(0, -1)}2`, driver]);
  await standby.say('UpdateFrameworkMessage', known);
  await standby.hearUpdate('0', TASK_STARTING);

  await master.say('ShutdownFrameworkMessage', idOf(1, driver));
  await master.say('PingSlaveMessage', undefined, { from: 'slave-observer(1)' });
  await master.hear('PongSlaveMessage', 2);
  expect(await frameworks(), 'after an order of a master that does not lead').toBe(1);
  master = standby;
});

test('messages come in pieces, many in one, on several connections, half-closed, and as garbage between', async () => {
  const registration = await register();
  await master.say('RunTaskMessage', recordedRun(registration), { pieceBytes: 7, connection: 'slow' });
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
  expect(agent.ended).toBeUndefined();
});

test('told to end, it ends its tasks and itself; started again it is another agent', async () => {
  const registration = await register();
  await master.say('RunTaskMessage', recordedRun(registration));
  const starting = await master.hearUpdate('0', TASK_STARTING);
  await master.say('StatusUpdateAcknowledgementMessage', acknowledgement(starting));
  const { status } = await master.hearUpdate('0', TASK_RUNNING);
  const pid = status.containerStatus?.executorPid ?? 0;
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  await master.say('ShutdownMessage', field(1, 'Agent has been removed'));
  await agent.exit;
  expect(agent.ended).toBe('exit code 1');
  expect(existsSync(`/proc/${pid}`), 'its task').toBe(false);
  const before = master.all('RegisterSlaveMessage').length;
  agent = await startAgent();
  await master.hear('RegisterSlaveMessage', before + 1);
  await master.say('ShutdownMessage', field(1, 'Machine is DOWN'));
  await agent.exit;
  expect(agent.ended, 'of one that is not let in').toBe('exit code 1');
});
