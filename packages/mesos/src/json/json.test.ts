import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { OfferFilters_ResourceQuantitiesSchema } from '../generated/mesos/v1/offer_pb.ts';
import { AttributeConstraintSchema, CallSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import {
  CommandInfoSchema,
  TaskState,
  TaskStatus_Reason,
  TaskStatusSchema,
} from '../generated/mesos/v1/task_pb.ts';
import { ContainerIDSchema, TimeInfoSchema } from '../generated/mesos/v1/values_pb.ts';
import { makeMessage } from '../messages/message.ts';
import { parseJson } from './parse.ts';
import { readJson } from './read.ts';
import { doubleText } from './scalar-text.ts';
import { writeJson } from './write.ts';

const status = { taskId: { value: 't' }, state: TaskState.TASK_LOST };

describe('64-bit integers', () => {
  test.each(['1443830400000000001', '-9223372036854775808', '9223372036854775807', '0'])('%s', (digits) => {
    const text = `{"nanoseconds":${digits}}`;
    const time = readJson(TimeInfoSchema, text);
    expect(time.nanoseconds).toBe(BigInt(digits));
    expect(writeJson(TimeInfoSchema, time)).toBe(text);
    expect(readJson(TimeInfoSchema, `{"nanoseconds":"${digits}"}`)).toEqual(time);
  });

  test('digits inside strings stay what they are', () => {
    const text =
      '{"a":"say \\"1234567890123456789\\", 1234567890123456789","b":[1234567890123456789, 1.0000000000000000001]}';
    expect(parseJson(text)).toEqual({
      a: 'say "1234567890123456789", 1234567890123456789',
      b: ['1234567890123456789', 1],
    });
  });

  test('fractions are cut off', () => {
    expect(readJson(TimeInfoSchema, '{"nanoseconds":1.5e3}').nanoseconds).toBe(1500n);
    expect(readJson(TimeInfoSchema, '{"nanoseconds":"7.9"}').nanoseconds).toBe(7n);
  });
});

describe('names', () => {
  const message = makeMessage(TaskStatusSchema, {
    ...status,
    agentId: { value: 's' },
    reason: TaskStatus_Reason.AGENT_REMOVED,
  });
  const v1 =
    '{"task_id":{"value":"t"},"state":"TASK_LOST","reason":"REASON_AGENT_REMOVED","agent_id":{"value":"s"}}';
  const v0 =
    '{"task_id":{"value":"t"},"state":"TASK_LOST","reason":"REASON_SLAVE_REMOVED","slave_id":{"value":"s"}}';

  test('are those of v1, or of v0 where that is asked for', () => {
    expect(writeJson(TaskStatusSchema, message)).toBe(v1);
    expect(writeJson(TaskStatusSchema, message, { names: 'v0' })).toBe(v0);
    expect(readJson(TaskStatusSchema, v1)).toEqual(message);
    expect(readJson(TaskStatusSchema, v0, { names: 'v0' })).toEqual(message);
  });

  test('of v0 mean nothing in v1', () => {
    expect(readJson(TaskStatusSchema, v0).agentId).toBeUndefined();
  });
});

test('defaults are written, unless the field is deprecated', () => {
  expect(writeJson(CommandInfoSchema, makeMessage(CommandInfoSchema, { value: 'ls' }))).toBe(
    '{"shell":true,"value":"ls"}',
  );
});

test('bytes are base64, text is escaped', () => {
  const message = makeMessage(TaskStatusSchema, {
    ...status,
    data: Uint8Array.of(1, 2, 255),
    message: 'a "b"\n\u{1f600}',
  });
  const text = writeJson(TaskStatusSchema, message);
  expect(text).toContain('"message":"a \\"b\\"\\n\u{1f600}","data":"AQL/"');
  expect(readJson(TaskStatusSchema, text)).toEqual(message);
});

test('alternatives and maps', () => {
  const constraint = '{"selector":{"attribute_name":"rack"},"predicate":{"text_equals":{"value":"r1"}}}';
  expect(writeJson(AttributeConstraintSchema, readJson(AttributeConstraintSchema, constraint))).toBe(
    constraint,
  );
  const quantities = '{"quantities":{"cpus":{"value":0.1},"__proto__":{"value":1.0}}}';
  const schema = OfferFilters_ResourceQuantitiesSchema;
  expect(writeJson(schema, readJson(schema, quantities))).toBe(quantities);
});

test.each([
  [8, '8.0'],
  [0.1, '0.1'],
  [-3, '-3.0'],
  [1e21, '1e21'],
  [1e-7, '1e-7'],
  [1e300, '1e300'],
  [1e20, '100000000000000000000.0'],
  [Number.POSITIVE_INFINITY, '"Infinity"'],
])('the double %d is %s', (value, text) => {
  expect(doubleText(value)).toBe(text);
});

test('taken as Mesos takes it: unknown fields, nulls, numbers and booleans in strings, unknown enum names', () => {
  const call = readJson(
    CallSchema,
    `{"type":"NOPE","extra":{"deep":[1]},"framework_id":null,
      "subscribe":{"framework_info":{"user":"u","name":"n","failover_timeout":"5","checkpoint":"true"},"suppressed_roles":"r"}}`,
  );
  expect(Object.hasOwn(call, 'type')).toBe(false);
  expect(call.subscribe?.frameworkInfo).toMatchObject({ failoverTimeout: 5, checkpoint: true });
  expect(call.subscribe?.suppressedRoles).toEqual(['r']);
});

describe('refused in the words of Mesos', () => {
  test.each([
    ['{nope', 'syntax error at line 1 near: nope'],
    ['', 'syntax error at line 1 near: '],
    ['x', 'syntax error at line 1 near: x'],
    ['{"a":1,\n"b" 2}', 'syntax error at line 2 near: 2}'],
    ['{"a":[1,]}', 'syntax error at line 1 near: ]}'],
    ['[1 2]', 'syntax error at line 1 near: 2]'],
    ['{"a":tru}', 'syntax error at line 1 near: }'],
    ['{"a":1}}', 'syntax error at line 1 near: }'],
    ['[]', 'Expecting a JSON object'],
    ['{"framework_id":"x"}', "Not expecting a JSON string for field 'framework_id'"],
    ['{"type":1}', "Not expecting a JSON number for field 'type'"],
    ['{"type":["KILL"]}', "Not expecting a JSON array for field 'type'"],
    ['{"type":{}}', "Not expecting a JSON object for field 'type'"],
    ['{"type":true}', "Not expecting a JSON boolean for field 'type'"],
    ['{"subscribe":{}}', 'Missing required fields: subscribe.framework_info'],
    [
      '{"subscribe":{"framework_info":{"name":"x"}}}',
      'Missing required fields: subscribe.framework_info.user',
    ],
    [
      '{"acknowledge":{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"a*b"}}',
      "Failed to base64 decode bytes field 'uuid': Invalid character '*'",
    ],
    [
      '{"decline":{"filters":{"refuse_seconds":"soon"}}}',
      "Failed to parse 'soon' as a JSON number for field 'refuse_seconds'",
    ],
  ])('%s', (text, message) => {
    expect(() => readJson(CallSchema, text)).toThrow(message);
  });

  test('an unknown enum name where one is required', () => {
    expect(() => readJson(TaskStatusSchema, '{"task_id":{"value":"t"},"state":"NOPE"}')).toThrow(
      "Failed to find enum for 'NOPE'",
    );
  });

  test('messages inside messages without end', () => {
    const text = `${'{"value":"c","parent":'.repeat(5000)}null${'}'.repeat(5000)}`;
    expect(() => readJson(ContainerIDSchema, text)).toThrow('more than 100 messages inside each other');
  });
});

test('a message that lacks what is required can still be shown', () => {
  expect(writeJson(TaskStatusSchema, create(TaskStatusSchema))).toBe('{}');
});
