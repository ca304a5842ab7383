import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JuteError } from './errors.ts';
import { JuteReader } from './reader.ts';
import { JuteWriter } from './writer.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe('jute', () => {
  test('what is written is read back', () => {
    const record = fc.record({
      flag: fc.boolean(),
      int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      long: int64,
      safe: fc.maxSafeInteger(),
      text: fc.string({ unit: 'grapheme' }),
      data: fc.option(fc.uint8Array({ maxLength: 600 }), { nil: null }),
      list: fc.array(fc.string()),
    });
    fc.assert(
      fc.property(record, (value) => {
        const writer = new JuteWriter(4);
        writer.bool(value.flag).int(value.int).long(value.long).longFromNumber(value.safe).string(value.text);
        writer.buffer(value.data).vector(value.list, (to, item) => to.string(item));
        const reader = new JuteReader(writer.bytes());
        expect(reader.bool()).toBe(value.flag);
        expect(reader.int()).toBe(value.int);
        expect(reader.long()).toBe(value.long);
        expect(reader.longAsNumber()).toBe(value.safe);
        expect(reader.string()).toBe(Buffer.from(value.text).toString());
        expect(reader.buffer()).toEqual(value.data === null ? null : Buffer.from(value.data));
        expect(reader.vector((item) => item.string())).toEqual(
          value.list.map((item) => Buffer.from(item).toString()),
        );
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('no input makes the reader do anything but read or throw a JuteError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = new JuteReader(Buffer.from(bytes));
        const read = () => reader.vector((item) => [item.string(), item.buffer(), item.long()], 16);
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(JuteError);
        }
      }),
    );
  });

  test('a reader stays within its end', () => {
    const bytes = new JuteWriter().int(1).int(2).bytes();
    const reader = new JuteReader(bytes, 0, 4);
    expect(reader.int()).toBe(1);
    expect(() => reader.int()).toThrow(JuteError);
    expect(reader.reset(bytes, 4, 8).int()).toBe(2);
  });

  test('truncate forgets, take hands over and starts anew', () => {
    const writer = new JuteWriter(8).int(1).long(2n).truncate(4);
    const taken = writer.take();
    writer.int(3);
    expect(taken.toString('hex')).toBe('00000001');
    expect(writer.bytes().toString('hex')).toBe('00000003');
  });
});
