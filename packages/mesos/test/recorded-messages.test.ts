import type { DescMessage } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  authentication,
  decodeDriverCall,
  decodeMessage,
  encodeMessage,
  internal,
  scheduler,
} from '../src/index.ts';
import recorded from './data/messages/libprocess.json' with { type: 'json' };

const schemas: Record<string, unknown> = { ...internal, ...authentication };

const bodiesOf = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'base64'));

for (const [name, texts] of Object.entries(recorded)) {
  if (name === 'mesos.scheduler.Call') continue;
  test(`${name} as real masters, agents and drivers sent it is read and written alike`, () => {
    const schema = schemas[`${name.replace('mesos.internal.', '')}Schema`] as DescMessage;
    for (const body of bodiesOf(texts)) {
      const message = decodeMessage(schema, body);
      expect(Buffer.from(encodeMessage(schema, message))).toEqual(body);
      expect(message.$unknown).toBeUndefined();
    }
  });
}

test('mesos.scheduler.Call of a real driver is a v1 call', () => {
  const calls = bodiesOf(recorded['mesos.scheduler.Call']).map(decodeDriverCall);
  const types = calls.map(({ call }) => call.type);
  expect(types).toContain(scheduler.Call_Type.SUBSCRIBE);
  for (const { call, force } of calls) {
    if (call.type !== scheduler.Call_Type.SUBSCRIBE) continue;
    expect(call.subscribe?.frameworkInfo.user).toBe('root');
    expect(call.subscribe?.suppressedRoles).toEqual([]);
    expect(force).toBe(false);
  }
});
