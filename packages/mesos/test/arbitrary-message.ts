import { create, type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import fc from 'fast-check';

const legacyRequired = 3;
/** Deeper than this only what is required is there. */
const deepest = 4;

const scalars: Partial<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.STRING]: fc.string({ unit: 'grapheme', maxLength: 12 }),
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 12 }),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.DOUBLE]: fc.oneof(fc.double({ noNaN: true }), fc.integer().map(Number)),
  [ScalarType.INT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.UINT32]: fc.integer({ min: 0, max: 0xffff_ffff }),
};

function oneValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map((value) => value.number));
  if (field.message !== undefined) return arbitraryMessage(field.message, depth + 1);
  const arbitrary = scalars[field.scalar];
  if (arbitrary === undefined) throw new Error(`no values for ${field.toString()}`);
  return arbitrary;
}

function fieldValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const value = oneValue(field, depth);
  if (field.fieldKind === 'list') return fc.array(value, { maxLength: 2 });
  if (field.fieldKind === 'map')
    return fc.dictionary(fc.string({ maxLength: 5 }), value, { maxKeys: 2, noNullPrototype: true });
  return value;
}

/** Any message of a type, with all that is required in it. */
export function arbitraryMessage(schema: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const wanted = schema.fields.filter((field) => field.presence === legacyRequired || depth < deepest);
  const required = wanted
    .filter((field) => field.presence === legacyRequired)
    .map((field) => field.localName);
  const plain = wanted.filter((field) => field.oneof === undefined);
  const model = Object.fromEntries(
    plain.map((field) => [
      field.localName,
      // Found when it is needed: types contain themselves.
      fc.constant(undefined).chain(() => fieldValue(field, depth)),
    ]),
  );
  const groups = schema.oneofs.map((group) =>
    fc
      .constantFrom(...group.fields)
      .chain((field) =>
        oneValue(field, depth).map((value) => [group.localName, { case: field.localName, value }] as const),
      ),
  );
  return fc
    .tuple(fc.record(model, { requiredKeys: required }), fc.tuple(...groups))
    .map(([fields, chosen]) => create(schema, { ...fields, ...Object.fromEntries(chosen) }));
}
