/** A master of Mesos and our agent agree on operations, reservations and volumes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
import { type ForeignMaster, type Heard, recordedBody } from './foreign-master.ts';
import { ForeignScene, idOf, pods } from './foreign-scene.ts';
import { field, replaced } from './wire-message.ts';

const { OPERATION_FINISHED } = OperationState;

let scene: ForeignScene;
let master: ForeignMaster;

beforeEach(async () => {
  scene = await ForeignScene.start();
  ({ master } = scene);
  await scene.register();
});
afterEach(() => scene?.end());

const uuid = (digit: string) => Buffer.from(`${digit}`.repeat(32), 'hex');
const statusSchema = internal.UpdateOperationStatusMessageSchema;
const statusIn = ({ body }: Heard) => JSON.parse(writeJson(statusSchema, decodeMessage(statusSchema, body)));
const reregistered = ({ body }: Heard) => {
  const schema = internal.ReregisterSlaveMessageSchema;
  return JSON.parse(writeJson(schema, decodeMessage(schema, body)));
};

/** The recorded reservation, by the name that the framework gave it. */
async function reserve(operationId: string, operationUuid: Buffer): Promise<Heard> {
  const recorded = recordedBody('ApplyOperationMessage');
  const { resourceVersionUuid, operationUuid: before } = decodeMessage(
    internal.ApplyOperationMessageSchema,
    recorded,
  );
  const body = scene.decided(recorded, Buffer.from(resourceVersionUuid.uuid.value));
  const named = Buffer.concat([body, field(2, idOf(12, operationId))]);
  const heard = master.all('UpdateOperationStatusMessage').length;
  await master.say('ApplyOperationMessage', replaced(named, [Buffer.from(before.value), operationUuid]));
  return await master.hear('UpdateOperationStatusMessage', heard + 1);
}

/** Each by its uuid, or by the name that its framework gave it. */
function ask(asked: { uuid?: Buffer; operationId?: string; provider?: string }[], frameworkId?: string) {
  const operations = asked.map((each) =>
    field(
      1,
      Buffer.concat([
        ...(each.uuid === undefined ? [] : [field(1, field(1, each.uuid))]),
        ...(each.provider === undefined ? [] : [idOf(2, each.provider)]),
        ...(each.operationId === undefined ? [] : [idOf(3, each.operationId)]),
      ]),
    ),
  );
  const whose = frameworkId === undefined ? [] : [idOf(2, frameworkId)];
  return master.say('ReconcileOperationsMessage', Buffer.concat([...operations, ...whose]));
}

test('a master that misses operations hears of those that did not come, a framework of those that did', async () => {
  const finished = statusIn(await reserve('mine', uuid('a')));
  expect(finished.status).toMatchObject({ state: 'OPERATION_FINISHED', operation_id: { value: 'mine' } });

  await ask([{ uuid: uuid('a') }, { uuid: uuid('b') }]);
  const dropped = statusIn(await master.hear('UpdateOperationStatusMessage', 2));
  const agentId = { value: finished.agent_id.value };
  const operationUuid = (digit: string) => ({ value: uuid(digit).toString('base64') });
  // No uuid of the status: nobody is to acknowledge it.
  expect(dropped).toEqual({
    agent_id: agentId,
    status: { state: 'OPERATION_DROPPED', agent_id: agentId },
    operation_uuid: operationUuid('b'),
  });

  const missing = { operationId: 'elsewhere', provider: 'no provider' };
  await ask([{ operationId: 'mine' }, { operationId: 'never' }, missing], pods);
  const known = statusIn(await master.hear('UpdateOperationStatusMessage', 3));
  expect(known).toEqual({
    framework_id: { value: pods },
    agent_id: agentId,
    status: { operation_id: { value: 'mine' }, state: 'OPERATION_FINISHED', agent_id: agentId },
    operation_uuid: operationUuid('a'),
  });
  const unknown = statusIn(await master.hear('UpdateOperationStatusMessage', 4));
  expect(unknown).toEqual({
    framework_id: { value: pods },
    agent_id: agentId,
    status: {
      operation_id: { value: 'elsewhere' },
      state: 'OPERATION_UNKNOWN',
      agent_id: agentId,
      resource_provider_id: { value: 'no provider' },
    },
  });
});

test('a result is told, and held, until it is acknowledged by its own name', async () => {
  const first = statusIn(await reserve('mine', uuid('a')));
  const statusUuid = Buffer.from(first.status.uuid.value, 'base64');
  const acknowledge = (status: Buffer) =>
    master.say(
      'AcknowledgeOperationStatusMessage',
      Buffer.concat([field(1, field(1, status)), field(2, field(1, uuid('a')))]),
    );
  await acknowledge(uuid('c'));
  await scene.restartAgent();
  const again = statusIn(await master.hear('UpdateOperationStatusMessage', 2));
  expect(again.status.uuid).toEqual(first.status.uuid);
  const inUpdate = (await master.hear('UpdateSlaveMessage', 2)).body;
  const { operations } = decodeMessage(internal.UpdateSlaveMessageSchema, inUpdate);
  expect(operations?.operations.map(({ latestStatus }) => latestStatus.state)).toEqual([OPERATION_FINISHED]);

  await acknowledge(statusUuid);
  const file = join(scene.workDir, 'meta/state/operations', uuid('a').toString('hex'));
  await waitFor(() => !existsSync(file), { what: 'the end of the operation' });
  const { checkpointed_resources: kept } = reregistered(await scene.restartAgent());
  expect(kept, 'the reservation stays').toHaveLength(1);
  await ask([{ uuid: uuid('a') }]);
  const gone = statusIn(await master.hear('UpdateOperationStatusMessage', 3));
  expect(gone.status.state).toBe('OPERATION_DROPPED');
});

test('an operation that comes twice is done once, and one on resources of another time not at all', async () => {
  const [one, two] = [await reserve('mine', uuid('a')), await reserve('mine', uuid('a'))].map(statusIn);
  expect(two).toEqual(one);
  const { state } = statusIn(await reserve('other', uuid('b'))).status;
  expect(state).toBe('OPERATION_FINISHED');
  const late = replaced(recordedBody('ApplyOperationMessage'), [
    Buffer.from(
      decodeMessage(internal.ApplyOperationMessageSchema, recordedBody('ApplyOperationMessage')).operationUuid
        .value,
    ),
    uuid('d'),
  ]);
  await master.say('ApplyOperationMessage', late);
  const dropped = statusIn(await master.hear('UpdateOperationStatusMessage', 4));
  expect(dropped.status.state).toBe('OPERATION_DROPPED');
  const { checkpointed_resources: kept } = reregistered(await scene.restartAgent());
  expect(kept.map((each: { scalar: { value: number } }) => each.scalar.value)).toEqual([128]);
});

test('reservations and volumes in the words of old masters; tasks on what is not there are not taken', async () => {
  // As before reservations could be refined: a role, and by whom.
  const double = Buffer.alloc(9);
  double[0] = (1 << 3) | 1;
  double.writeDoubleLE(64, 1);
  const disk = [field(1, 'disk'), field(2, 0), field(3, double), field(6, 'web')];
  const reserved = [...disk, field(8, field(1, 'ops'))];
  const persistence = field(7, Buffer.concat([field(1, field(1, 'v1')), field(2, volumeAt('data'))]));
  const volume = Buffer.concat([...reserved, persistence]);
  const lost = async (taskId: string) => {
    const task = Buffer.concat([field(4, Buffer.concat([volume, field(11, field(1, 'noex'))]))]);
    await master.say('RunTaskMessage', scene.run({ taskId, task }));
  };
  await lost('early');
  const { status } = await master.hearUpdate('early', TaskState.TASK_LOST);
  expect(status.reason).toBe(TaskStatus_Reason.RESOURCES_UNKNOWN);

  await master.say('CheckpointResourcesMessage', field(1, volume));
  const folder = join(scene.workDir, 'volumes/roles/web/v1');
  await waitFor(() => existsSync(folder), { what: 'the folder of the volume' });
  const { checkpointed_resources: told } = reregistered(await scene.restartAgent());
  expect(told).toEqual([
    {
      ...{
        name: 'disk',
        type: 'SCALAR',
        scalar: { value: 64 },
        role: 'web',
        reservation: { principal: 'ops' },
      },
      disk: { persistence: { id: 'v1' }, volume: { mode: 'RW', container_path: 'data' } },
    },
  ]);
  await master.say('CheckpointResourcesMessage', field(1, Buffer.concat(reserved)));
  await waitFor(() => !existsSync(folder), { what: 'the end of the volume' });
});

/** Of a Volume that is written to. */
const volumeAt = (path: string) => Buffer.concat([field(1, path), field(3, 1)]);
