import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeReservation, makeVolume } from '../../test/resource-examples.ts';
import { ResourceSchema } from '../generated/mesos/v1/resource_pb.ts';
import { Value_Type } from '../generated/mesos/v1/values_pb.ts';
import { makeMessage } from '../messages/message.ts';
import { type ResourceEntry, rangesEntry, scalarEntry, setEntry } from './entry.ts';
import { makeKind, plainKind, type ResourceKind } from './kind.ts';
import { coalesce } from './ranges.ts';
import { Resources } from './resources.ts';

const base = {
  allocatedTo: undefined,
  reservations: [],
  disk: undefined,
  revocable: false,
  shared: false,
  providerId: undefined,
};
const divisible: readonly ResourceKind[] = [
  plainKind('cpus', 'scalar'),
  plainKind('mem', 'scalar'),
  makeKind({ ...base, name: 'cpus', type: 'scalar', reservations: [makeReservation('web')] }),
  makeKind({
    ...base,
    name: 'cpus',
    type: 'scalar',
    reservations: [makeReservation('web'), makeReservation('web/eu')],
  }),
  makeKind({ ...base, name: 'cpus', type: 'scalar', allocatedTo: 'web' }),
  makeKind({ ...base, name: 'cpus', type: 'scalar', revocable: true }),
];
const volumes = ['a', 'b', 'c'].map((id) => makeVolume(id));

const scalars = fc
  .record({ kind: fc.constantFrom(...divisible), thousandths: fc.integer({ min: 1, max: 1_000_000_000 }) })
  .map(({ kind, thousandths }) => scalarEntry(kind, thousandths));
const ports = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 9 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((pairs) => coalesce(pairs.map(([begin, length]) => [begin, begin + length] as const)))
  .map((ranges) => rangesEntry(plainKind('ports', 'ranges'), ranges));
const sets = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
  .map((items) => setEntry(plainKind('gpus', 'set'), items));
const volume = fc.constantFrom(...volumes).map((kind) => scalarEntry(kind, 64_000));

const sum = (entries: fc.Arbitrary<ResourceEntry>) =>
  fc.array(entries, { maxLength: 8 }).map((list) => Resources.join(list));
/** Amounts that add up without overlap: what ranges and sets cannot promise. */
const divisibles = sum(scalars);
const anything = sum(fc.oneof(scalars, ports, sets));

describe('laws', () => {
  test('addition does not care for order or grouping, and none adds nothing', () => {
    fc.assert(
      fc.property(anything, anything, anything, (a, b, c) => {
        expect(a.plus(b).equals(b.plus(a))).toBe(true);
        expect(
          a
            .plus(b)
            .plus(c)
            .equals(a.plus(b.plus(c))),
        ).toBe(true);
        expect(a.plus(Resources.none)).toBe(a);
      }),
    );
  });

  test('what was added can be taken away again', () => {
    fc.assert(
      fc.property(divisibles, divisibles, (a, b) => {
        expect(a.plus(b).minus(b).equals(a)).toBe(true);
      }),
    );
  });

  test('a sum contains its parts; what is contained can be taken and put back', () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        expect(a.plus(b).contains(a)).toBe(true);
        expect(a.contains(a)).toBe(true);
        if (a.contains(b)) expect(a.minus(b).plus(b).equals(a)).toBe(true);
        if (a.minus(b).contains(b)) expect(a.contains(b)).toBe(true);
      }),
    );
  });

  test('containing goes both ways only between equals', () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        expect(a.contains(b) && b.contains(a)).toBe(a.equals(b));
      }),
    );
  });

  test('taking never leaves more than there was, nor less than nothing', () => {
    fc.assert(
      fc.property(anything, anything, (a, b) => {
        const rest = a.minus(b);
        expect(a.contains(rest)).toBe(true);
        for (const entry of rest) expect(entry.thousandths).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a filter and its opposite make the whole', () => {
    fc.assert(
      fc.property(anything, (a) => {
        const reserved = a.filter((kind) => kind.reservations.length > 0);
        const rest = a.filter((kind) => kind.reservations.length === 0);
        expect(reserved.plus(rest).equals(a)).toBe(true);
      }),
    );
  });

  test('messages say the same, in either format', () => {
    fc.assert(
      fc.property(sum(fc.oneof(scalars, ports, sets, volume)), (a) => {
        expect(Resources.from(a.toMessages()).equals(a)).toBe(true);
        expect(Resources.from(a.toMessages('both')).equals(a)).toBe(true);
        const plain = a.filter((kind) => kind.reservations.length < 2);
        expect(Resources.from(plain.toMessages('role')).equals(plain)).toBe(true);
      }),
    );
  });

  test('what is printed can be read', () => {
    fc.assert(
      fc.property(anything, (a) => {
        const plain = a.filter((kind) => kind.key === plainKind(kind.name, kind.type).key);
        if (!plain.isEmpty) expect(Resources.parse(plain.toString()).equals(plain)).toBe(true);
      }),
    );
  });

  test('a reservation pushed and popped changes nothing', () => {
    fc.assert(
      fc.property(divisibles, (a) => {
        expect(a.pushReservation(makeReservation('x')).popReservation().equals(a)).toBe(true);
      }),
    );
  });
});

test('three decimals are exact however often they are added', () => {
  const tenth = Resources.parse('cpus:0.1');
  const sums = Resources.sum(Array.from({ length: 1000 }, () => tenth));
  expect(sums.thousandths('cpus')).toBe(100_000);
  expect(sums.toString()).toBe('cpus:100');
});

test('a persistent volume is taken as a whole or not at all, and twice only if it is there twice', () => {
  const [kind] = volumes;
  if (kind === undefined) throw new Error('no example');
  const one = Resources.join([scalarEntry(kind, 64_000)]);
  const half = Resources.join([scalarEntry(kind, 32_000)]);
  expect(one.contains(half)).toBe(false);
  expect(one.minus(half).equals(one)).toBe(true);
  expect(one.plus(one).size).toBe(2);
  expect(one.contains(one.plus(one))).toBe(false);
  expect(one.plus(one).minus(one).equals(one)).toBe(true);
});

test('a shared volume is counted', () => {
  const shared = Resources.join([scalarEntry(makeVolume('s', { shared: true }), 64_000)]);
  const twice = shared.plus(shared);
  expect(twice.size).toBe(1);
  expect(twice.toMessages()).toHaveLength(2);
  expect(twice.contains(shared)).toBe(true);
  expect(shared.contains(twice)).toBe(false);
  expect(twice.minus(shared).equals(shared)).toBe(true);
  expect(twice.toString()).toBe('disk(reservations: [(DYNAMIC,web,ops)])[s:data]<SHARED>:64<2>');
});

test('ranges go to 2^53 - 1 exactly; what is beyond is refused by its value, not rounded', () => {
  const last = BigInt(Number.MAX_SAFE_INTEGER);
  const ids = (...range: { begin: bigint; end: bigint }[]) =>
    Resources.from([
      makeMessage(ResourceSchema, { name: 'ids', type: Value_Type.RANGES, ranges: { range } }),
    ]);
  const all = ids({ begin: last - 3n, end: last });
  expect(all.minus(ids({ begin: last - 1n, end: last - 1n })).toString()).toBe(
    'ids:[9007199254740988-9007199254740989, 9007199254740991-9007199254740991]',
  );
  expect(
    ids({ begin: last, end: last })
      .plus(ids({ begin: 1n, end: 1n }))
      .toMessages()[0]?.ranges,
  ).toMatchObject({
    range: [
      { begin: 1n, end: 1n },
      { begin: last, end: last },
    ],
  });
  expect(() => ids({ begin: 0n, end: 2n ** 64n - 1n })).toThrow('ids reaches 18446744073709551615');
});
