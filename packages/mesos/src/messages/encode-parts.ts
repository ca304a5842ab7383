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
/** A message of a list that has a list of more than so many is split itself: a framework and its offers. */
const longList = 64;
/** Proto2 presence that a message cannot do without. */
const legacyRequired = 3;

type Fields = Record<string, unknown>;

const listsByType = new WeakMap<DescMessage, readonly DescField[]>();

/** The fields of a type that are lists of messages. */
function messageLists(type: DescMessage): readonly DescField[] {
  let lists = listsByType.get(type);
  if (lists === undefined) {
    lists = type.fields.filter(({ fieldKind, message }) => fieldKind === 'list' && message !== undefined);
    listsByType.set(type, lists);
  }
  return lists;
}

const hasLongList = (type: DescMessage, message: Fields) =>
  messageLists(type).some(({ localName }) => (message[localName] as readonly unknown[]).length > longList);

/** Fields that are lists of messages, or messages that may hold some. */
function splitFields(schema: DescMessage, depth: number): readonly DescField[] {
  if (depth >= deepestSplit) return messageLists(schema);
  return schema.fields.filter(({ oneof, presence, fieldKind, message }) => {
    if (oneof !== undefined || message === undefined) return false;
    return fieldKind === 'list' || (fieldKind === 'message' && presence !== legacyRequired);
  });
}

const write = (type: DescMessage, message: unknown) =>
  encodeMessage(type, message as MessageShape<DescMessage>);

const headOf = (number: number, bytes: number) =>
  new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(bytes).finish();

function* encodeNested(
  { number, message: type }: DescField,
  value: Fields,
  depth: number,
): Generator<undefined, readonly Uint8Array[]> {
  if (type === undefined) return [];
  const { parts, bytes } = yield* encode(type, value, depth + 1);
  return [headOf(number, bytes), ...parts];
}

const hasRequired = ({ fields }: DescMessage) => fields.some(({ presence }) => presence === legacyRequired);

/** Some messages of a list, as the field that they are in. */
function encodeSlice({ parent, localName, number, message: type }: DescField, items: unknown[]): Uint8Array {
  // Two messages one after the other are one with the lists of both, unless there is more that each must have.
  if (!hasRequired(parent)) return write(parent, Object.assign(create(parent), { [localName]: items }));
  const writer = new BinaryWriter();
  if (type === undefined) return writer.finish();
  for (const item of items) writer.tag(number, WireType.LengthDelimited).bytes(write(type, item));
  return writer.finish();
}

/** The messages of a list, some at a time, those with long lists of their own in parts. */
function* encodeList(
  field: DescField,
  items: Iterable<unknown>,
  depth: number,
): Generator<undefined, readonly Uint8Array[]> {
  const { message: type } = field;
  const parts: Uint8Array[] = [];
  let slice: unknown[] = [];
  for (const item of items) {
    const isLong = type !== undefined && hasLongList(type, item as Fields);
    if (!isLong) slice.push(item);
    if (slice.length === sliceLength || (isLong && slice.length > 0)) {
      parts.push(encodeSlice(field, slice));
      slice = [];
      yield;
    }
    if (!isLong) continue;
    for (const part of yield* encodeNested(field, item as Fields, depth)) parts.push(part);
  }
  if (slice.length > 0) parts.push(encodeSlice(field, slice));
  yield;
  return parts;
}

function* encode(schema: DescMessage, message: Fields, depth: number): Generator<undefined, EncodedParts> {
  const parts: Uint8Array[] = [];
  const rest: Fields = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
  const splits = splitFields(schema, depth);
  for (const { fieldKind, localName } of splits) {
    if (fieldKind === 'list') rest[localName] = [];
    else Reflect.deleteProperty(rest, localName);
  }
  parts.push(write(schema, rest));
  for (const field of splits) {
    const value = message[field.localName];
    const isList = isLongList(value);
    if (!isList && (field.fieldKind === 'list' || value === undefined)) continue;
    const nested = isList ? encodeList(field, value, depth) : encodeNested(field, value as Fields, depth);
    for (const part of yield* nested) parts.push(part);
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
