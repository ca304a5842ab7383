import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DescMessage } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  agent,
  BlockPool,
  decodeMessage,
  encodeMessage,
  executor,
  master,
  readJson,
  registry,
  scheduler,
  writeJson,
  writeJsonChunks,
} from '../src/index.ts';

const recorded = (name: string) => readFile(join(import.meta.dirname, 'data/json', name), 'utf8');
const linesOf = async (name: string) => (await recorded(name)).trim().split('\n');

/** Two writers of doubles differ in the last digit now and then: both texts mean the same number. */
const doublesByValue = (text: string) => text.replace(/\d+\.\d{6,}/g, (digits) => String(Number(digits)));

const written: readonly [string, DescMessage][] = [
  ['master-responses.jsonl', master.ResponseSchema],
  ['master-events.jsonl', master.EventSchema],
  ['agent-responses.jsonl', agent.ResponseSchema],
  ['scheduler-events.jsonl', scheduler.EventSchema],
  ['executor-events.jsonl', executor.EventSchema],
];

test.each(written)('%s: what real daemons wrote is read and written byte for byte', async (name, schema) => {
  for (const line of await linesOf(name)) {
    const message = readJson(schema, line);
    expect(doublesByValue(writeJson(schema, message))).toBe(doublesByValue(line));
  }
});

test.each(written)('%s: in chunks it is the same text', async (name, schema) => {
  for (const line of await linesOf(name)) {
    const message = readJson(schema, line);
    for (const blockBytes of [16, 1_000, 65_536]) {
      const chunks = [...writeJsonChunks(schema, message, { blocks: new BlockPool(blockBytes) })];
      expect(Buffer.concat(chunks).toString()).toBe(writeJson(schema, message));
    }
  }
});

test.each(written)('%s: protobuf carries the same', async (name, schema) => {
  for (const line of await linesOf(name)) {
    const message = readJson(schema, line);
    const carried = decodeMessage(schema, encodeMessage(schema, message));
    expect(writeJson(schema, carried)).toBe(writeJson(schema, message));
  }
});

test.each([
  ['scheduler-calls.jsonl', scheduler.CallSchema],
  ['executor-calls.jsonl', executor.CallSchema],
])('%s: calls that a real master or agent took are taken, with all they say', async (name, schema) => {
  for (const line of await linesOf(name)) {
    const again: unknown = JSON.parse(writeJson<DescMessage>(schema, readJson<DescMessage>(schema, line)));
    const said = JSON.parse(line, (_, value) =>
      Array.isArray(value) && value.length === 0 ? undefined : value,
    );
    expect(again).toMatchObject(said);
  }
});

test('the registry is shown under the old names, in alphabetical order', async () => {
  const text = (await recorded('registry.jsonl')).trim();
  const message = readJson(registry.RegistrySchema, text, { names: 'v0' });
  expect(writeJson(registry.RegistrySchema, message, { names: 'v0', sorted: true })).toBe(text);
});
