import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DescMessage } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { agent, executor, master, readCall, scheduler } from '../src/index.ts';

interface RecordedCall {
  api: 'scheduler' | 'master' | 'executor' | 'agent';
  body: string;
  /** What the real daemon answered to the body itself; null when it went on to look at what the call asks for. */
  refusal: string | null;
}

const schemas: Record<RecordedCall['api'], DescMessage> = {
  scheduler: scheduler.CallSchema,
  master: master.CallSchema,
  executor: executor.CallSchema,
  agent: agent.CallSchema,
};

const recorded = readFileSync(join(import.meta.dirname, 'data/json/calls-and-refusals.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as RecordedCall);

const readOne = ({ api, body }: RecordedCall) => readCall(schemas[api], 'json', Buffer.from(body));

describe('bodies that real daemons refused are refused in the same words', () => {
  test.each(recorded.filter(({ refusal }) => refusal !== null))('$api: $body', (call) => {
    expect(() => readOne(call)).toThrow(expect.objectContaining({ status: 400, message: call.refusal }));
  });
});

test('bodies that real daemons took are taken', () => {
  const taken = recorded.filter(({ refusal }) => refusal === null);
  expect(taken.length).toBeGreaterThan(100);
  for (const call of taken) expect(() => readOne(call), call.body).not.toThrow();
});
