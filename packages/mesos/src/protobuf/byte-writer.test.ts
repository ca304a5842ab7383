import { BinaryWriter } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

type Value =
  | readonly ['uint32' | 'int32' | 'double', number]
  | readonly ['int64' | 'uint64', bigint]
  | readonly ['string', string]
  | readonly ['bytes', Uint8Array]
  | readonly ['bool', boolean];

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.tuple(fc.constant('uint32' as const), fc.integer({ min: 0, max: 0xffff_ffff })),
  fc.tuple(fc.constant('int32' as const), fc.integer()),
  fc.tuple(fc.constant('double' as const), fc.double()),
  fc.tuple(fc.constant('int64' as const), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.tuple(fc.constant('uint64' as const), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  fc.tuple(fc.constant('string' as const), fc.string({ unit: 'binary', maxLength: 200 })),
  fc.tuple(fc.constant('bytes' as const), fc.uint8Array({ maxLength: 300 })),
  fc.tuple(fc.constant('bool' as const), fc.boolean()),
);

/** One or the other; each method by its name takes the value beside it. */
function write(to: ByteWriter | BinaryWriter, [type, item]: Value): void {
  (to[type] as (value: unknown) => void).call(to, item);
}

const writer = new ByteWriter();

test('values come out as the library writes them, by themselves and inside each other', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value)), (groups) => {
      const theirs = new BinaryWriter();
      writer.reset();
      for (const group of groups) {
        const start = writer.open();
        theirs.fork();
        for (const each of group) {
          write(writer, each);
          write(theirs, each);
        }
        writer.close(start);
        theirs.join();
      }
      expect(Uint8Array.from(writer.written)).toEqual(theirs.finish());
    }),
  );
});

test('more than its first memory holds', () => {
  writer.reset();
  const long = 'ä'.repeat(2_000_000);
  writer.string(long);
  writer.string(long);
  expect(Buffer.from(writer.written)).toEqual(
    Buffer.from(new BinaryWriter().string(long).string(long).finish()),
  );
  writer.reset();
  writer.bool(true);
  expect([...writer.written]).toEqual([1]);
});

test.each([
  ['uint32', -1],
  ['uint32', 2 ** 32],
  ['int32', 0.5],
  ['int32', 2 ** 31],
  ['int64', 2n ** 63n],
  ['uint64', -1n],
] as const)('%s does not take %s', (type, number) => {
  expect(() => write(writer, [type, number] as Value)).toThrow(RangeError);
});
