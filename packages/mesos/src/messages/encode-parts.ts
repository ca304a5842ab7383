import { create, type DescField, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isLongList } from './made-when-read.ts';
import { encodeMessage, type Valid } from './message.ts';

/** One after the other they are the message. */
export interface EncodedParts {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

/** Lists are split down to here: the event, its state, its tasks. */
const deepestSplit = 4;
/** Messages of a list that are written at a time. */
const sliceLength = 64;
/** Proto2 presence that a message cannot do without: one that has such a field is written whole. */
const legacyRequired = 3;

type Fields = Record<string, unknown>;

/** Fields that are long lists, or messages that may hold some. */
function splitFields({ fields }: DescMessage, depth: number): readonly DescField[] {
  if (fields.some(({ presence }) => presence === legacyRequired)) return [];
  return fields.filter(({ oneof, fieldKind, message }) => {
    if (oneof !== undefined || message === undefined) return false;
    return fieldKind === 'list' || (fieldKind === 'message' && depth < deepestSplit);
  });
}

function* slicesOf(items: Iterable<unknown>): Generator<readonly unknown[]> {
  let slice: unknown[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < sliceLength) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

function* encode(schema: DescMessage, message: Fields, depth: number): Generator<undefined, EncodedParts> {
  const parts: Uint8Array[] = [];
  const rest: Fields = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
  const splits = splitFields(schema, depth);
  for (const { fieldKind, localName } of splits) {
    if (fieldKind === 'list') rest[localName] = [];
    else Reflect.deleteProperty(rest, localName);
  }
  const write = (fields: object) => encodeMessage(schema, fields as MessageShape<DescMessage>);
  parts.push(write(rest));
  for (const { number, localName, fieldKind, message: type } of splits) {
    const value = message[localName];
    if (isLongList(value)) {
      // Two messages one after the other are one with the lists of both.
      for (const slice of slicesOf(value)) {
        parts.push(write(Object.assign(create(schema), { [localName]: slice })));
        yield;
      }
    } else if (fieldKind === 'message' && value !== undefined && type !== undefined) {
      const inner = yield* encode(type, value as Fields, depth + 1);
      const head = new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(inner.bytes).finish();
      for (const part of [head, ...inner.parts]) parts.push(part);
    }
  }
  return { parts, bytes: parts.reduce((sum, part) => sum + part.length, 0) };
}

/**
 * Protobuf of a message of megabytes: yields after some messages of a list near the top, so that whoever runs it can let
 * others have their turn. Lists come after the other fields, which is the same message; long ones may be `madeWhenRead`.
 * Throws as `encodeMessage`.
 */
export function encodeMessageParts<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): Generator<undefined, EncodedParts> {
  return encode(schema, message as unknown as Fields, 1);
}
