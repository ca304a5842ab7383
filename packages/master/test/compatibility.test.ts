/** The page about compatibility: complete, and true where that can be asked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flagRows, master as masterApi, Offer_Operation_Type, scheduler } from '@orchestrator/mesos';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flagTable } from '../src/flag-table.ts';
import { type OneMaster, startMaster } from './one-master.ts';

const path = join(import.meta.dirname, '../../../docs/orchestrator/compatibility.md');
const page = await readFile(path, 'utf8');

/** Rows of the tables under a heading, by cells. */
function rowsOf(heading: string): string[][] {
  const section = page.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const namesOf = (rows: readonly string[][]) => rows.map(([name = '']) => name.replaceAll('`', '')).sort();

test('every call and operation of the scheduler API', () => {
  const { UNKNOWN, ...operations } = Offer_Operation_Type;
  expect(namesOf(rowsOf('Scheduler API'))).toEqual(
    [...Object.keys(scheduler.Call_Type), ...Object.keys(operations)].sort(),
  );
});

test('every call of the operator API', () => {
  expect(namesOf(rowsOf('Operator API'))).toEqual(Object.keys(masterApi.Call_Type).sort());
});

test('every flag, as the code has it', () => {
  const section = page.split(/^## /m).find((each) => each.startsWith('Flags')) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.join('\n')).toBe(flagRows(flagTable).join('\n'));
});

let master: OneMaster;

beforeAll(async () => {
  master = await startMaster();
});

afterAll(async () => {
  await master?.[Symbol.asyncDispose]();
});

test('every endpoint answers as it is listed', async () => {
  for (const [name = '', state] of rowsOf('Endpoints')) {
    const endpoint = name.replaceAll('`', '');
    const { status } = await fetch(`${master.url}${endpoint}`, { redirect: 'manual' });
    expect(status === 404, `${endpoint} ${status}`).toBe(state === 'not there');
  }
});
