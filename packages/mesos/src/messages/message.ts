import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  type MessageValidType,
  ScalarType,
} from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import { ByteWriter } from '../protobuf/byte-writer.ts';
import { type Fields, fieldsOf, writeFields } from '../protobuf/write.ts';
import { missingFields } from './required.ts';

/** A message with all that is required in it: what decoding gives and what the rest of the platform works on. */
export type Valid<Desc extends DescMessage> = MessageValidType<Desc>;

/**
 * A message from a literal, nested messages as literals too. Throws `MesosError` (`invalid`) that names the required
 * fields it lacks. Optional fields that are not set read as their default; `isFieldSet` tells them apart.
 */
export function makeMessage<Desc extends DescMessage>(
  schema: Desc,
  init: MessageInitShape<Desc>,
): Valid<Desc> {
  return requireFields(schema, create(schema, init));
}

/** The message itself, when it has all that is required. Throws `MesosError` (`invalid`) otherwise. */
export function requireFields<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): Valid<Desc> {
  const missing = missingFields(schema, message);
  if (missing.length > 0) {
    throw new MesosError(`Missing required fields: ${missing.join(', ')}`, { code: 'invalid' });
  }
  return message as Valid<Desc>;
}

const withBytes = new Map<DescMessage, boolean>();

/** Whether a message can hold bytes anywhere. */
function holdsBytes(schema: DescMessage): boolean {
  const known = withBytes.get(schema);
  if (known !== undefined) return known;
  withBytes.set(schema, false); // a message below itself adds nothing
  const holds = schema.fields.some((field) =>
    field.message === undefined ? field.scalar === ScalarType.BYTES : holdsBytes(field.message),
  );
  withBytes.set(schema, holds);
  return holds;
}

/** Bytes in a message are views of what it was read from: of a copy, so that 16 of them do not keep 64 kB alive. */
const sourceOf = (schema: DescMessage, bytes: Uint8Array) =>
  holdsBytes(schema) ? Uint8Array.prototype.slice.call(bytes) : bytes;

/**
 * Reads protobuf. Fields that the schema does not know are kept in `$unknown` and written again by `encodeMessage`.
 * Throws `MesosError` (`invalid`) for bytes that are no such message or lack a required field.
 */
export function decodeMessage<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): Valid<Desc> {
  let message: MessageShape<Desc>;
  try {
    message = fromBinary(schema, sourceOf(schema, bytes));
  } catch (cause) {
    throw new MesosError(`${bytes.byteLength} bytes are no ${schema.typeName}`, { code: 'invalid', cause });
  }
  return requireFields(schema, message);
}

/** Writing is one step: whoever needs it next finds it free. */
const writer = new ByteWriter();

/** As `encodeMessage`, without a copy: a view of what the next message is written over. */
export function writeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): Buffer {
  try {
    writer.reset();
    writeFields(writer, fieldsOf(schema), message as unknown as Fields);
    return writer.written;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MesosError(`${schema.typeName} cannot be written: ${reason}`, { code: 'invalid', cause });
  }
}

/** Writes protobuf: fields by number, then unknown ones as they came. Throws `MesosError` when a required field is missing. */
export function encodeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): Uint8Array {
  return new Uint8Array(writeMessage(schema, message));
}
