import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRequest } from './encode-message.ts';
import { createMessageParser, type ParsedRequest } from './message-parser.ts';
import { formatUpid, parseUpid, type Upid } from './upid.ts';

const from: Upid = { id: 'slave(1)', host: '127.0.0.5', port: 5151 };
const to: Upid = { id: 'slave-observer(1)', host: '127.0.0.5', port: 5050 };

const parse = (text: string, largestMessageBytes = 1_000) =>
  createMessageParser({ largestMessageBytes }).push(Buffer.from(text, 'latin1'));

function bodies(requests: ParsedRequest[]): string[] {
  return requests.map((request) =>
    request.kind === 'message' ? request.message.body.toString('latin1') : request.kind,
  );
}

test('a message without a body is sent as a real agent sends it', () => {
  expect(encodeRequest(from, to, 'mesos.internal.PongSlaveMessage', new Uint8Array()).toString()).toBe(
    [
      'POST /slave-observer(1)/mesos.internal.PongSlaveMessage HTTP/1.1',
      'User-Agent: libprocess/slave(1)@127.0.0.5:5151',
      'Libprocess-From: slave(1)@127.0.0.5:5151',
      'Connection: Keep-Alive',
      'Host: 127.0.0.5:5050',
      '\r\n',
    ].join('\r\n'),
  );
});

test('a body goes in one chunk', () => {
  const text = encodeRequest(from, to, 'x.Y', Buffer.alloc(0x9e, 'z')).toString();
  expect(text).toMatch(/\r\nTransfer-Encoding: chunked\r\n\r\n9e\r\nz{158}\r\n0\r\n\r\n$/);
});

test('what is sent is what is received, however the stream is cut', () => {
  const sent = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
  fc.assert(
    fc.property(sent, fc.array(fc.nat(2_000), { maxLength: 20 }), (list, places) => {
      const stream = Buffer.concat(list.map((body) => encodeRequest(from, to, 'x.Y', body)));
      const cuts = [0, ...places.map((at) => at % (stream.length + 1)).sort((a, b) => a - b), stream.length];
      const parser = createMessageParser();
      const received = cuts.slice(1).flatMap((end, index) => parser.push(stream.subarray(cuts[index], end)));
      expect(bodies(received)).toEqual(list.map((body) => Buffer.from(body).toString('latin1')));
      for (const request of received) {
        expect(request).toMatchObject({
          kind: 'message',
          close: false,
          message: { to: to.id, type: 'x.Y', from },
        });
      }
    }),
    { numRuns: 300 },
  );
});

test('whatever comes, nothing is thrown', () => {
  const line = fc.constantFrom(
    'POST /a/b HTTP/1.1\r\n',
    'Libprocess-From: x@h:1\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: 3\r\n',
    '\r\n',
    '5\r\n',
    'zz',
    '0\r\n',
    'POST ',
    ':',
    'Content-Length: x\r\n',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 15 }), (lines) => {
      const parser = createMessageParser({ largestMessageBytes: 100 });
      for (const text of lines) parser.push(Buffer.from(text));
    }),
    { numRuns: 2_000 },
  );
});

describe('what real masters take for a message', () => {
  const head = 'POST /master/x.Y HTTP/1.1\r\n';

  test('by either header, with either framing, with escapes in the path', () => {
    expect(bodies(parse(`${head}Libprocess-From: a@h:1\r\nContent-Length: 2\r\n\r\nab`))).toEqual(['ab']);
    const [byAgent] = parse(`${head}User-Agent: libprocess/a@h:1\r\n\r\n`);
    expect(byAgent).toMatchObject({ kind: 'message', message: { from: { id: 'a', host: 'h', port: 1 } } });
    const [escaped] = parse('POST /slave%281%29/x.Y HTTP/1.1\r\nLibprocess-From: garbage\r\n\r\n');
    expect(escaped).toMatchObject({ kind: 'message', message: { to: 'slave(1)', from: undefined } });
  });

  test('lines after the last chunk are passed over, however they come', () => {
    const text = `${head}Libprocess-From: a@h:1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nZ: w\r\n\r\n`;
    for (const size of [1, 3, text.length]) {
      const parser = createMessageParser();
      const parsed = [];
      for (let at = 0; at < text.length; at += size)
        parsed.push(...parser.push(Buffer.from(text.slice(at, at + size))));
      expect(parsed).toMatchObject([{ kind: 'message', message: { body: Buffer.from('a') } }]);
      expect(parser.isWaiting).toBe(false);
    }
  });

  test('a sender that waits for a word before its body gets it from the HTTP server', () => {
    const text = `${head}Libprocess-From: a@h:1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`;
    expect(createMessageParser().push(Buffer.from(text))).toMatchObject([{ kind: 'other' }]);
  });

  test('several chunks, and a connection that ends after it', () => {
    const [request] = parse(
      `${head}Libprocess-From: a@h:1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n`,
    );
    expect(request).toMatchObject({ kind: 'message', close: true });
    expect(bodies([request!])).toEqual(['abc']);
  });
});

describe('for the HTTP server', () => {
  test.each([
    ['another method', 'PUT /master/x.Y HTTP/1.1\r\nLibprocess-From: a@h:1\r\n\r\n'],
    ['no header of libprocess', 'POST /master/x.Y HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['no type', 'POST /master HTTP/1.1\r\nLibprocess-From: a@h:1\r\n\r\n'],
    ['no HTTP at all', 'garbage\r\n\r\n'],
    ['a head without end', `POST /a/b HTTP/1.1\r\n${'x'.repeat(17_000)}`],
  ])('%s', (_, text) => {
    expect(parse(text)).toEqual([{ kind: 'other', bytes: Buffer.from(text) }]);
  });

  test('what follows messages on the same connection', () => {
    const message = encodeRequest(from, to, 'x.Y', Buffer.from('b')).toString();
    const requests = parse(`${message}GET /state HTTP/1.1\r\n\r\n`);
    expect(requests.map(({ kind }) => kind)).toEqual(['message', 'other']);
    expect(requests[1]).toMatchObject({ bytes: Buffer.from('GET /state HTTP/1.1\r\n\r\n') });
  });
});

describe('malformed', () => {
  const chunked = 'POST /a/b HTTP/1.1\r\nLibprocess-From: a@h:1\r\nTransfer-Encoding: chunked\r\n\r\n';

  test.each([
    [`${chunked}zz\r\n`, 400],
    [`${chunked}1\r\nabc\r\n0\r\n\r\n`, 400],
    [`${chunked}${'1'.repeat(80)}`, 400],
    [`${chunked}fff\r\n`, 413],
    ['POST /a/b HTTP/1.1\r\nLibprocess-From: a@h:1\r\nContent-Length: -1\r\n\r\n', 400],
    ['POST /a/b HTTP/1.1\r\nLibprocess-From: a@h:1\r\nContent-Length: 1001\r\n\r\n', 413],
  ])('%j', (text, status) => {
    expect(parse(text)).toEqual([{ kind: 'malformed', status, reason: expect.any(String) }]);
  });
});

test.each([
  ['slave(1)@127.0.0.5:5051', { id: 'slave(1)', host: '127.0.0.5', port: 5051 }],
  ['@0.0.0.0:0', { id: '', host: '0.0.0.0', port: 0 }],
  ['a@b@[::1]:80', { id: 'a@b', host: '[::1]', port: 80 }],
])('UPID %s', (text, upid) => {
  expect(parseUpid(text)).toEqual(upid);
  expect(formatUpid(upid)).toBe(text);
});

test.each(['', 'x', 'x@h', 'x@:1', 'x@h:', 'x@h:99999', 'x@h:1a', 'h:1'])('%j is no UPID', (text) => {
  expect(parseUpid(text)).toBeUndefined();
});
