import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRecordDecoder } from './decode.ts';
import { encodeRecord } from './encode.ts';

/** The same bytes, cut at the places given. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const offsets = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return offsets.slice(1).map((to, index) => bytes.subarray(offsets[index], to));
}

test('a record is its length and its bytes, as the documentation of Mesos shows', () => {
  expect(encodeRecord('{"type":"HEARTBEAT"}').toString()).toBe('20\n{"type":"HEARTBEAT"}');
  expect(encodeRecord('é').toString()).toBe('2\né');
  expect(encodeRecord(Uint8Array.of(10, 0)).toString('latin1')).toBe('2\n\n\0');
});

test('records come out as they went in, however the stream is cut', () => {
  const records = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 });
  fc.assert(
    fc.property(records, fc.array(fc.nat(500), { maxLength: 30 }), (sent, places) => {
      const decoder = createRecordDecoder();
      const stream = Buffer.concat(sent.map(encodeRecord));
      const received = cut(stream, places).flatMap((part) => decoder.push(part));
      decoder.end();
      expect(received.map((record) => record.toString('hex'))).toEqual(
        sent.map((record) => Buffer.from(record).toString('hex')),
      );
    }),
    { numRuns: 500 },
  );
});

test('byte for byte', () => {
  const decoder = createRecordDecoder();
  const stream = Buffer.concat([encodeRecord('one'), encodeRecord(''), encodeRecord('three')]);
  const received = Array.from(stream, (byte) => decoder.push(Uint8Array.of(byte))).flat();
  expect(received.map(String)).toEqual(['one', '', 'three']);
});

test('whatever comes, it is either records or an error of its kind', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 }), (parts) => {
      const decoder = createRecordDecoder({ largestRecordBytes: 100 });
      try {
        for (const part of parts) decoder.push(part);
        decoder.end();
      } catch (error) {
        expect(error).toMatchObject({ name: 'MesosError', code: expect.stringMatching(/^(invalid|limit)$/) });
      }
    }),
    { numRuns: 1_000 },
  );
});

describe('refused', () => {
  const failure = (text: string, largestRecordBytes = 100) => {
    const decoder = createRecordDecoder({ largestRecordBytes });
    return () => {
      decoder.push(Buffer.from(text));
      decoder.end();
    };
  };

  test.each([
    ['abc\n', 'a record begins with "abc", which is no length'],
    ['-1\n', '"-1"'],
    ['\n', '""'],
    ['101\n', 'a record of 101 bytes is larger than the 100 allowed'],
    ['99999999999999999999999999', 'which is no length'],
    ['12', 'the stream ended inside its length ("12")'],
    ['5\nabc', 'the stream ended inside a record, 2 bytes early'],
  ])('%j', (text, message) => {
    expect(failure(text)).toThrow(message);
  });

  test('a record as large as allowed is not', () => {
    expect(failure(`100\n${'x'.repeat(100)}`)).not.toThrow();
  });
});
