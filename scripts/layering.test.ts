import { expect, test } from 'vitest';
import { checkLayering, mayImport } from './layering.ts';

test('the repository keeps its own rules', async () => {
  expect(await checkLayering('.')).toEqual([]);
});

test('the allowed imports between packages have no cycle', () => {
  const reach = (name: string): string[] => (mayImport[name] ?? []).flatMap((next) => [next, ...reach(next)]);
  for (const name of Object.keys(mayImport)) expect(reach(name)).not.toContain(name);
});
