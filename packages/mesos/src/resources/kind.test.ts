import { expect, test } from 'vitest';
import { makeReservation } from '../../test/resource-examples.ts';
import { makeKind, plainKind, withAllocation } from './kind.ts';

const reserved = makeKind({ ...plainKind('cpus', 'scalar'), reservations: [makeReservation('web')] });

test.each([
  ['plain', plainKind('cpus', 'scalar')],
  ['reserved', reserved],
  ['allocated from the start', makeKind({ ...reserved, allocatedTo: 'db' })],
])('a %s kind that is allocated and given back is the same one, however often', (_, kind) => {
  const allocated = withAllocation(kind, 'web');
  expect(allocated).toEqual(makeKind({ ...kind, allocatedTo: 'web' }));
  expect(withAllocation(allocated, kind.allocatedTo)).toBe(kind);
  const other = withAllocation(allocated, 'other');
  expect(withAllocation(other, 'web')).toBe(allocated);
  expect(withAllocation(withAllocation(kind, undefined), 'other')).toBe(other);
});

test('more roles than are remembered are right still', () => {
  const kind = plainKind('disk', 'scalar');
  for (let index = 0; index < 3_000; index++) {
    const twin = withAllocation(kind, `role-${index}`);
    expect(twin.allocatedTo).toBe(`role-${index}`);
    expect(withAllocation(twin, undefined)).toBe(kind);
  }
});
