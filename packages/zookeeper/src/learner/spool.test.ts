import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spool } from './spool.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('gives back what it got, in order, whatever goes to the file', () => {
  const action = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ mark: fc.nat() }),
    fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 60 }),
      fc.integer({ min: 0, max: 800 }),
      (actions, maxMemoryBytes) => {
        const spool = new Spool<number>({ maxMemoryBytes, folder });
        const model: unknown[] = [];
        let clock = 0.5;
        const take = () => {
          const entry = spool.shift();
          const shown = entry?.kind === 'bytes' ? { ...entry, bytes: [...entry.bytes] } : entry;
          expect(shown).toEqual(model.shift());
        };
        for (const action of actions) {
          if ('push' in action) {
            spool.pushBytes(Buffer.from(action.push), ++clock);
            model.push({ kind: 'bytes', bytes: [...action.push], arrivedAtMs: clock });
          } else if ('mark' in action) {
            spool.pushMark(action.mark);
            model.push({ kind: 'mark', mark: action.mark });
          } else {
            for (let count = 0; count < action.take; count++) take();
          }
          expect(spool.isEmpty).toBe(model.length === 0);
        }
        while (model.length > 0) take();
        expect(spool.bytes).toEqual({ memory: 0, disk: 0 });
        spool.close();
      },
    ),
    { numRuns: 200 },
  );
});

test('says what to do when both limits are reached, and takes nothing of what did not fit', () => {
  const spool = new Spool<string>({ maxMemoryBytes: 330, maxDiskBytes: 250, folder });
  for (let i = 0; i < 2; i++) spool.pushBytes(Buffer.alloc(100, i), i);
  spool.pushBytes(Buffer.alloc(100, 2), 2);
  spool.pushBytes(Buffer.alloc(100, 3), 3);
  const push = () => spool.pushBytes(Buffer.alloc(100, 4), 4);
  expect(push).toThrow(expect.objectContaining({ code: 'SpoolFull', retryable: true }));
  expect(push).toThrow(/raise spool.maxDiskBytes/);
  const seen = [];
  for (let entry = spool.shift(); entry !== undefined; entry = spool.shift()) {
    if (entry.kind === 'bytes') seen.push(entry.bytes[0]);
  }
  expect(seen).toEqual([0, 1, 2, 3]);
  spool.close();
});

test('leaves nothing in the folder, however the process ends', () => {
  const spool = new Spool<string>({ maxMemoryBytes: 0, folder });
  for (let i = 0; i < 2; i++) spool.pushBytes(Buffer.alloc(10), 0);
  expect(spool.bytes.disk).toBeGreaterThan(0);
  expect(readdirSync(folder)).toEqual([]);
  spool.close();
});

test('a folder that cannot be written to is named', () => {
  const spool = new Spool<string>({ maxMemoryBytes: 0, folder: join(folder, 'absent') });
  spool.pushBytes(Buffer.alloc(10), 0);
  const push = () => spool.pushBytes(Buffer.alloc(10), 0);
  expect(push).toThrow(expect.objectContaining({ code: 'SpoolFull' }));
  expect(push).toThrow(/absent cannot be written: ENOENT/);
});
