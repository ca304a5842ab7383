import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Ensemble, startEnsemble } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = new URL('../examples/', import.meta.url);

/** A line that each example prints when it has come to its point. */
const expected: Record<string, RegExp> = {
  'basics.ts': /BadVersion from setData of \/greeting .*\noperation 1 failed: NoNode/,
  'election.ts': /candidate-0 leads\ncandidate-0 leads no more\ncandidate-1 leads/,
  'lock.ts': /holds the lock, token \d+\n(.*\n)*.*holds the lock, token \d+\n/,
  'pipeline.ts': /^10000 nodes in .* 0 batches failed/,
  'session-handover.ts': /still owned by the same session/,
};

let ensemble: Ensemble;

beforeAll(async () => {
  ensemble = await startEnsemble({ servers: 1 });
});

afterAll(async () => {
  await ensemble?.close();
});

test.each(readdirSync(folder).filter((name) => name in expected))(
  'examples/%s does what it says',
  async (name) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      new URL(name, folder).pathname,
      ensemble.connectString,
    ]);
    expect(stdout).toMatch(expected[name]!);
  },
);

test('every example of the client is run', () => {
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(Object.keys(expected)));
});
