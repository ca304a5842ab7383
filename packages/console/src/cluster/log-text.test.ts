import { expect, test } from 'vitest';
import { appended, prepended, startOf } from './log-text.ts';

const part = (offset: number, text: string) => ({
  ...{ offset, nextOffset: offset + text.length, sizeBytes: 1_000, text },
});

test('a log grows at its end, and at its beginning on demand', () => {
  const end = appended(undefined, part(100, 'abc'));
  const more = appended(end, part(103, 'def'));
  expect(more).toEqual({ offset: 100, nextOffset: 106, text: 'abcdef' });
  expect(startOf(more, 30)).toEqual({ offset: 70, length: 30 });
  expect(startOf(more, 300)).toEqual({ offset: 0, length: 100 });
  expect(prepended(more, part(98, 'zz'))).toEqual({ offset: 98, nextOffset: 106, text: 'zzabcdef' });
});

test('a file that was cut is read anew, and one without end does not fill the memory', () => {
  const log = appended(undefined, part(100, 'abc'));
  expect(appended(log, part(0, 'new'))).toEqual({ offset: 0, nextOffset: 3, text: 'new' });
  const long = appended(log, part(103, 'x'.repeat(2_000_000)));
  expect(long.text).toHaveLength(2_000_000);
  expect(long.offset).toBe(103);
});
