import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { describeError } from './database.ts';

test('a full disk is named, with what to do', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'store-')), 'full.db');
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE t (x); PRAGMA max_page_count = 3');
  const fill = () => database.exec(`INSERT INTO t VALUES (zeroblob(100000))`);
  let problem: unknown;
  try {
    fill();
  } catch (error) {
    problem = describeError(file, error);
  }
  expect(problem).toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`${file}: the disk is full`),
    remedy: expect.stringContaining('free space'),
  });
  database.close();
});
