import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { difference } from '../topology/model/schema.ts';
import { conformsTo } from './conforms.ts';

const node = {
  ...{ id: 'a', label: 'A', labelMinor: '', rank: 'a', shape: 'hexagon', later: 'what a newer server says' },
  metrics: [{ id: 'cpu', label: 'CPU', value: 1, priority: 1, samples: null, min: 0, max: 100 }],
  tables: [
    {
      id: 't',
      label: 'T',
      type: 'list',
      columns: null,
      rows: [{ id: 'r', entries: { label: 'k', value: 'v' } }],
    },
  ],
};
const message = { add: [node], update: null, remove: ['b'] };

/** The same with something else in one place. */
function* broken(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    for (const other of [undefined, null, 1, 'text', true, [], {}]) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
    for (const other of broken(inner)) {
      yield Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other };
    }
  }
}

it('says what the schema says, of what the monitor sends and of what is broken anywhere in it', () => {
  const conforms = conformsTo(difference);
  expect(conforms(message)).toBe(true);
  let count = 0;
  for (const other of broken(message)) {
    count++;
    expect([conforms(other), other]).toEqual([difference.safeParse(other).success, other]);
  }
  expect(count).toBeGreaterThan(150);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(conforms(value)).toBe(difference.safeParse(value).success);
    }),
  );
});

it('takes no schema of which it would overlook something', () => {
  expect(() => conformsTo(z.object({ kind: z.literal('a') }))).toThrow(/"literal"/);
  expect(() => conformsTo(z.string().transform(Number))).toThrow(/"pipe"/);
  expect(() => conformsTo(z.object({ name: z.string().min(1) }))).toThrow(/refinement/);
  expect(() => conformsTo(z.strictObject({}))).toThrow();
});
