import { type DescMessage, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  agent,
  decodeMessage,
  encodeMessage,
  encodeMessageParts,
  executor,
  internal,
  master,
  OfferSchema,
  readJson,
  registry,
  scheduler,
  TaskInfoSchema,
  TaskStatusSchema,
  writeJson,
} from '../src/index.ts';
import { runToEnd } from '../src/protobuf/run-to-end.fixture.ts';
import { arbitraryMessage } from './arbitrary-message.ts';

const schemas: readonly DescMessage[] = [
  scheduler.CallSchema,
  scheduler.EventSchema,
  executor.CallSchema,
  executor.EventSchema,
  master.CallSchema,
  agent.CallSchema,
  internal.ReregisterSlaveMessageSchema,
  internal.StatusUpdateMessageSchema,
  registry.RegistrySchema,
  OfferSchema,
  TaskInfoSchema,
  TaskStatusSchema,
];

test.each(schemas.map((schema) => [schema.typeName, schema] as const))(
  '%s: whatever it holds, protobuf and JSON of both kinds carry it',
  (_, schema) => {
    fc.assert(
      fc.property(arbitraryMessage(schema), (message) => {
        const text = writeJson(schema, message);
        expect(writeJson(schema, decodeMessage(schema, encodeMessage(schema, message)))).toBe(text);
        for (const names of ['v1', 'v0'] as const) {
          const written = writeJson(schema, message, { names });
          expect(() => JSON.parse(written)).not.toThrow();
          expect(writeJson(schema, readJson(schema, written, { names }), { names })).toBe(written);
        }
      }),
      { numRuns: 25 },
    );
  },
);

test.each(schemas.map((schema) => [schema.typeName, schema] as const))(
  '%s: its bytes are those of the library, in parts it reads as the same message',
  (_, schema) => {
    fc.assert(
      fc.property(arbitraryMessage(schema), (message) => {
        const bytes = encodeMessage(schema, message);
        expect(bytes).toEqual(toBinary(schema, message));
        const { parts } = runToEnd(encodeMessageParts(schema, message));
        expect(decodeMessage(schema, Uint8Array.from(Buffer.concat(parts)))).toEqual(
          decodeMessage(schema, bytes),
        );
      }),
      { numRuns: 25 },
    );
  },
);
