import { expect, test } from 'vitest';
import { encodeRequest } from '../src/libprocess/encode-message.ts';
import { createMessageParser } from '../src/libprocess/message-parser.ts';
import { parseUpid } from '../src/libprocess/upid.ts';
import requests from './data/messages/requests.json' with { type: 'json' };

/** Recorded between real masters, agents and authenticators, head and all. */
const recorded = requests.map((text) => Buffer.from(text, 'base64'));

test.each(recorded.map((bytes) => [bytes.toString('latin1').split(' HTTP')[0], bytes] as const))(
  '%s is read, and would have been sent byte for byte alike',
  (_, bytes) => {
    const [request, ...rest] = createMessageParser().push(bytes);
    expect(rest).toEqual([]);
    if (request?.kind !== 'message' || request.message.from === undefined) throw new Error('is no message');
    const { to, type, from, body } = request.message;
    const host = /\r\nHost: (\S+)\r\n/.exec(bytes.toString('latin1'))?.[1];
    const target = parseUpid(`${to}@${host}`);
    if (target === undefined) throw new Error('has no Host');
    expect(encodeRequest(from, target, type, body).toString('latin1')).toBe(bytes.toString('latin1'));
  },
);
