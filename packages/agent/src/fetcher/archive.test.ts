import { describe, expect, test } from 'vitest';
import { type ArchiveEntry, archiveProblem, parseTarListing, parseZipListing } from './archive.ts';

const file = (path: string, bytes = 1): ArchiveEntry => ({ type: '-', path, bytes });
const link = (path: string, target: string): ArchiveEntry => ({ type: 'l', path, bytes: 0, target });

test.each<[string, ArchiveEntry[]]>([
  ['leads out', [file('../x')]],
  ['leads out', [file('a/../../x')]],
  ['leads out', [file('/etc/passwd')]],
  ['leads out', [link('a', '/etc')]],
  ['leads out', [link('a/b', '../../etc')]],
  ['leads out', [{ type: 'h', path: 'a', bytes: 0, target: '../x' }]],
  ['goes through link "a"', [link('a', 'b'), file('./a/x')]],
  ['neither file, folder nor link', [{ type: 'c', path: 'null', bytes: 0 }]],
  ['more than 100 bytes', [file('a', 60), file('b', 60)]],
  ['3 is most', [file('a'), file('b'), file('c'), file('d')]],
])('%s: %j', (message, entries) => {
  expect(archiveProblem(entries, { maxBytes: 100, maxEntries: 3 })).toContain(message);
});

test('links within, and names that only look like it, are fine', () => {
  const entries = [
    file('./a/b'),
    link('a/up', '../c'),
    file('..hidden'),
    { type: 'h', path: 'd', bytes: 0, target: 'a/b' },
  ];
  expect(archiveProblem(entries)).toBeUndefined();
});

describe('listings', () => {
  test('of tar', () => {
    const listing = [
      'drwxr-xr-x 0/0               0 2026-01-01 00:00:00 ./',
      '-rw-r--r-- 1000/1000       123 2026-01-01 00:00:00 a name with spaces',
      'lrwxrwxrwx 0/0               0 2026-01-01 00:00:00 link -> a/target',
      'hrw-r--r-- 0/0               0 2026-01-01 00:00:00 hard link to ./a/b',
      'crw-r--r-- 0/0             1,3 2026-01-01 00:00:00 null',
      '',
    ].join('\n');
    expect(parseTarListing(listing)).toEqual([
      { type: 'd', path: './', bytes: 0 },
      { type: '-', path: 'a name with spaces', bytes: 123 },
      { type: 'l', path: 'link', bytes: 0, target: 'a/target' },
      { type: 'h', path: 'hard', bytes: 0, target: './a/b' },
      { type: 'c', path: 'null', bytes: 0 },
    ]);
  });

  test('of zip, where a link counts as one that leads out', () => {
    const listing = [
      'Archive:  a.zip',
      'Zip file size: 324 bytes, number of entries: 2',
      '-rw-r--r--  3.0 unx       12 tx stor 26-Jan-01 00:00 ../evil name',
      'lrwxrwxrwx  3.0 unx       11 bx stor 26-Jan-01 00:00 link',
      '2 files, 23 bytes uncompressed, 23 bytes compressed:  0.0%',
    ].join('\n');
    const entries = parseZipListing(listing);
    expect(entries.map(({ path }) => path)).toEqual(['../evil name', 'link']);
    expect(archiveProblem(entries.slice(1))).toContain('leads out');
  });
});
