import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readIfThere } from './read-if-there.ts';

test('what is missing is undefined; what is there and cannot be read is an error', async () => {
  expect(await readIfThere(join(import.meta.dirname, 'none'))).toBeUndefined();
  expect(await readIfThere(`/proc/${0x7fff_ffff}/stat`)).toBeUndefined();
  await expect(readIfThere(import.meta.dirname)).rejects.toMatchObject({ code: 'EISDIR' });
});
