import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  advanceMark,
  type LogEntry,
  LogFrameParser,
  type LogMark,
  sinceOf,
  skipTaken,
} from './log-frames.ts';

function frame({ stream, timestamp, bytes }: LogEntry): Buffer {
  const payload = Buffer.concat([Buffer.from(`${timestamp} `), bytes]);
  const header = Buffer.alloc(8);
  header[0] = stream === 'stdout' ? 1 : 2;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const entry = (digit: number, text: string, stream: LogEntry['stream'] = 'stdout'): LogEntry => ({
  stream,
  timestamp: `2026-01-01T00:00:00.00000000${digit}Z`,
  bytes: Buffer.from(text),
});

test('frames come out whole however they are cut', () => {
  const entries = [entry(1, 'one\n'), entry(2, '', 'stderr'), entry(3, 'a line with spaces and ü\n')];
  const bytes = Buffer.concat(entries.map(frame));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 5 }), (cuts) => {
      const parser = new LogFrameParser();
      const edges = [0, ...cuts.sort((left, right) => left - right), bytes.length];
      const parsed = edges.slice(1).flatMap((edge, index) => parser.push(bytes.subarray(edges[index], edge)));
      expect(parsed).toEqual(entries);
    }),
  );
});

test('what is no frame is refused before it is waited for', () => {
  const parser = new LogFrameParser();
  expect(() => parser.push(Buffer.from('GET / HTTP/1.1'))).toThrow('a log frame of');
});

test('after a mark each entry comes once, also where several have one timestamp', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }), fc.nat(20), (digits, at) => {
      const log = digits.sort().map((digit, index) => entry(digit, `${index}`));
      const taken = log.slice(0, at);
      const mark = taken.reduce<LogMark | undefined>(advanceMark, undefined);
      // The Engine gives all from the mark's timestamp on.
      const again = log.filter(({ timestamp }) => mark === undefined || timestamp >= mark.timestamp);
      const skip = skipTaken(mark);
      const rest = [...skip(again.slice(0, 2)), ...skip(again.slice(2))];
      expect([...taken, ...rest]).toEqual(log);
    }),
  );
});

test('a mark becomes the seconds that the Engine asks for', () => {
  expect(sinceOf({ timestamp: '2026-01-01T00:00:01.000000042Z', repeats: 1 })).toBe('1767225601.000000042');
});
