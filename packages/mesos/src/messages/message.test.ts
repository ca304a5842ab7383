import { create, isFieldSet } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { CallSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { TaskInfoSchema, TaskState, TaskStatusSchema } from '../generated/mesos/v1/task_pb.ts';
import { decodeMessage, encodeMessage, makeMessage } from './message.ts';
import { missingFields } from './required.ts';

test('a message without its required fields is refused by name', () => {
  const call = create(CallSchema, { subscribe: { frameworkInfo: { name: 'web' } } });
  expect(missingFields(CallSchema, call)).toEqual(['subscribe.framework_info.user']);
  expect(() => decodeMessage(TaskInfoSchema, new Uint8Array())).toThrow(
    'Missing required fields: name, task_id, agent_id',
  );
  expect(() => makeMessage(TaskStatusSchema, { taskId: { value: 't' } })).toThrow('state');
});

test('required fields are looked for in lists, maps and alternatives too', () => {
  const call = create(CallSchema, {
    subscribe: {
      frameworkInfo: { name: 'web', user: 'root' },
      offerConstraints: {
        roleConstraints: {
          web: {
            groups: [
              {
                attributeConstraints: [
                  { selector: {}, predicate: { predicate: { case: 'textEquals', value: {} } } },
                ],
              },
            ],
          },
        },
      },
    },
  });
  expect(missingFields(CallSchema, call)).toEqual([
    'subscribe.offer_constraints.role_constraints[0].groups[0].attribute_constraints[0].predicate.text_equals.value',
  ]);
});

test('optional fields read as their default and are told from those that are set', () => {
  const status = makeMessage(TaskStatusSchema, {
    taskId: { value: 't' },
    state: TaskState.TASK_RUNNING,
    healthy: false,
  });
  expect(isFieldSet(status, TaskStatusSchema.field.healthy)).toBe(true);
  expect(isFieldSet(status, TaskStatusSchema.field.message)).toBe(false);
  expect(status.message).toBe('');
});

test('fields that the schema does not know are carried along', () => {
  const known = encodeMessage(
    TaskStatusSchema,
    makeMessage(TaskStatusSchema, { taskId: { value: 't' }, state: TaskState.TASK_RUNNING }),
  );
  const field200 = Uint8Array.of(0xc2, 0x0c, 0x02, 0x68, 0x69);
  const bytes = Buffer.concat([known, field200]);
  expect(encodeMessage(TaskStatusSchema, decodeMessage(TaskStatusSchema, bytes))).toEqual(
    new Uint8Array(bytes),
  );
});

test('bytes that are no message are refused with their type', () => {
  expect(() => decodeMessage(CallSchema, Buffer.from('nonsense'))).toThrow(
    '8 bytes are no mesos.v1.scheduler.Call',
  );
});

test('bytes in a message do not keep alive what it was read from', () => {
  const chunk = Buffer.alloc(65_536);
  const status = makeMessage(TaskStatusSchema, {
    taskId: { value: 't' },
    state: TaskState.TASK_RUNNING,
    uuid: chunk.subarray(0, 16),
  });
  const bytes = encodeMessage(TaskStatusSchema, status);
  chunk.set(bytes);
  const { uuid } = decodeMessage(TaskStatusSchema, chunk.subarray(0, bytes.length));
  expect(uuid.buffer.byteLength).toBeLessThan(100);
});
