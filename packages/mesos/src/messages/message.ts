import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  type MessageValidType,
  toBinary,
} from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
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

/**
 * Reads protobuf. Fields that the schema does not know are kept in `$unknown` and written again by `encodeMessage`.
 * Throws `MesosError` (`invalid`) for bytes that are no such message or lack a required field.
 */
export function decodeMessage<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): Valid<Desc> {
  let message: MessageShape<Desc>;
  try {
    message = fromBinary(schema, bytes);
  } catch (cause) {
    throw new MesosError(`${bytes.byteLength} bytes are no ${schema.typeName}`, { code: 'invalid', cause });
  }
  return requireFields(schema, message);
}

/** Writes protobuf: fields by number, then unknown ones as they came. Throws `MesosError` when a required field is missing. */
export function encodeMessage<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): Uint8Array {
  try {
    return toBinary(schema, message as MessageShape<Desc>);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MesosError(`${schema.typeName} cannot be written: ${reason}`, { code: 'invalid', cause });
  }
}
