import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generatedPages } from './docs.ts';

test('the generated pages say what the code does; node scripts/docs.ts writes them anew', async () => {
  for (const [path, text] of await generatedPages()) expect(await readFile(path, 'utf8'), path).toBe(text);
});
