import type { DescField, DescMessage, MessageShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { encodeMessage, type Valid } from './message.ts';

/** One after the other they are the message. */
export interface EncodedParts {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

/** Lists are split down to here: the event, its state, its tasks. */
const deepestSplit = 4;
const partBytes = 65_536;

type Fields = Record<string, unknown>;

/** Proto2 presence that a message cannot do without: it stays with the rest, which is looked through for such fields. */
const legacyRequired = 3;

/** A list of messages, or a message that may hold some. */
function isSplit(field: DescField, depth: number): boolean {
  if (field.oneof !== undefined || field.presence === legacyRequired) return false;
  if (field.fieldKind === 'list') return field.listKind === 'message';
  return field.fieldKind === 'message' && depth < deepestSplit;
}

class PartWriter {
  readonly parts: Uint8Array[] = [];
  bytes = 0;
  #writer = new BinaryWriter();
  #pendingBytes = 0;

  /** A field that is a message. */
  message(number: number, encoded: Uint8Array): void {
    this.#writer.tag(number, WireType.LengthDelimited).bytes(encoded);
    this.#pendingBytes += encoded.length;
    if (this.#pendingBytes >= partBytes) this.flush();
  }

  messageInParts(number: number, { parts, bytes }: EncodedParts): void {
    this.#writer.tag(number, WireType.LengthDelimited).uint32(bytes);
    this.flush();
    for (const part of parts) this.add(part);
  }

  add(part: Uint8Array): void {
    if (part.length > 0) this.parts.push(part);
    this.bytes += part.length;
  }

  flush(): void {
    this.add(this.#writer.finish());
    this.#writer = new BinaryWriter();
    this.#pendingBytes = 0;
  }
}

function* encode(schema: DescMessage, message: Fields, depth: number): Generator<undefined, EncodedParts> {
  const out = new PartWriter();
  const rest: Fields = Object.assign(Object.create(Object.getPrototypeOf(message)), message);
  const splits = schema.fields.filter((field) => isSplit(field, depth));
  for (const { fieldKind, localName } of splits) {
    if (fieldKind === 'list') rest[localName] = [];
    else Reflect.deleteProperty(rest, localName);
  }
  out.add(encodeMessage(schema, rest as unknown as MessageShape<DescMessage>));
  for (const { number, localName, message: type } of splits) {
    const value = message[localName];
    if (type === undefined || value === undefined) continue;
    if (!Array.isArray(value)) {
      out.messageInParts(number, yield* encode(type, value as Fields, depth + 1));
      continue;
    }
    for (const item of value) {
      out.message(number, encodeMessage(type, item));
      yield;
    }
  }
  out.flush();
  return out;
}

/**
 * Protobuf of a message of megabytes: yields after each message of a list near the top, so that whoever runs it can let
 * others have their turn. Lists come after the other fields, which is the same message. Throws as `encodeMessage`.
 */
export function encodeMessageParts<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): Generator<undefined, EncodedParts> {
  return encode(schema, message as unknown as Fields, 1);
}
