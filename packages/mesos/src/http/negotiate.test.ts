import { describe, expect, test } from 'vitest';
import { CallSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { answerFormat, callFormat, readCall } from './negotiate.ts';

test.each([
  ['application/json', 'json'],
  ['application/x-protobuf', 'protobuf'],
] as const)('content type %s', (type, format) => {
  expect(callFormat(type)).toBe(format);
});

test.each([
  [undefined, 400, "Expecting 'Content-Type' to be present"],
  ['text/plain', 415, "Expecting 'Content-Type' of application/json or application/x-protobuf"],
  ['application/json; charset=utf-8', 415, "Expecting 'Content-Type' of"],
  ['Application/JSON', 415, "Expecting 'Content-Type' of"],
])('content type %s is refused', (type, status, text) => {
  expect(() => callFormat(type)).toThrow(
    expect.objectContaining({ status, message: expect.stringContaining(text) }),
  );
});

test.each([
  [undefined, 'json'],
  ['*/*', 'json'],
  ['application/x-protobuf', 'protobuf'],
  ['application/x-protobuf;q=0.9,application/json;q=0.1', 'json'],
] as const)('accept %s', (accept, format) => {
  expect(answerFormat(accept)).toBe(format);
});

test('an answer that is not wanted in any form', () => {
  expect(() => answerFormat('text/html')).toThrow(
    expect.objectContaining({
      status: 406,
      message: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
    }),
  );
});

describe('bodies, answered as a real master answers them', () => {
  test.each([
    ['{nope', 'Failed to parse body into JSON: syntax error at line 1 near: nope'],
    ['', 'Failed to parse body into JSON: syntax error at line 1 near: '],
    ['[]', 'Failed to convert JSON into Call protobuf: Expecting a JSON object'],
    [
      '{"framework_id":"x"}',
      "Failed to convert JSON into Call protobuf: Not expecting a JSON string for field 'framework_id'",
    ],
    [
      '{"subscribe":{}}',
      'Failed to convert JSON into Call protobuf: Missing required fields: subscribe.framework_info',
    ],
  ])('%s', (body, message) => {
    expect(() => readCall(CallSchema, 'json', Buffer.from(body))).toThrow(
      expect.objectContaining({ status: 400, message }),
    );
  });

  test('protobuf that is none', () => {
    expect(() => readCall(CallSchema, 'protobuf', Buffer.from('nonsense'))).toThrow(
      'Failed to parse body into Call protobuf',
    );
  });
});
