import { create, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { MesosError } from '../errors.ts';
import { requireFields, type Valid } from '../messages/message.ts';
import { fieldName, type JsonNames, type JsonStyle, perSchema, styleOf } from './names.ts';
import { parseJson } from './parse.ts';
import { enumReader, notExpecting, type ReadValue, scalarReader } from './read-scalar.ts';

export interface ReadJsonOptions {
  /** Default `v1`. */
  names?: JsonNames;
}

type Fields = Record<string, unknown>;
type ReadField = (message: Fields, value: unknown, depth: number) => void;
type Plan = ReadonlyMap<string, ReadField>;

/** Messages inside messages: more than any real one, less than what the stack holds. */
const deepest = 100;
const legacyRequired = 3;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function messageReader(field: DescField, schema: DescMessage, style: JsonStyle): ReadValue {
  let plan: Plan | undefined; // found at first use: types contain themselves
  return (value, depth) => {
    if (!isObject(value)) throw notExpecting(value, field);
    plan ??= planOf(schema, style);
    return readMessage(schema, plan, value, depth + 1);
  };
}

function valueReader(field: DescField, style: JsonStyle): ReadValue {
  if (field.message !== undefined) return messageReader(field, field.message, style);
  if (field.enum !== undefined) {
    const required = field.fieldKind === 'enum' && field.presence === legacyRequired;
    return enumReader(field, field.enum, style.names, required);
  }
  return scalarReader(field, field.scalar);
}

/** A single value where a list belongs is a list of one. */
function listReader(local: string, read: ReadValue): ReadField {
  return (message, value, depth) => {
    const items = message[local] as unknown[];
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item === null) continue;
      const result = read(item, depth);
      if (result !== undefined) items.push(result);
    }
  };
}

function mapReader(field: DescField, read: ReadValue): ReadField {
  return (message, value, depth) => {
    if (!isObject(value)) throw notExpecting(value, field);
    const entries = message[field.localName] as Fields;
    for (const key of Object.keys(value)) {
      const result = value[key] === null ? undefined : read(value[key], depth);
      // Not by assignment: a key may be called __proto__.
      if (result !== undefined) {
        Object.defineProperty(entries, key, {
          value: result,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    }
  };
}

function fieldReader(field: DescField, style: JsonStyle): ReadField {
  const read = valueReader(field, style);
  const local = field.localName;
  if (field.fieldKind === 'list') return listReader(local, read);
  if (field.fieldKind === 'map') return mapReader(field, read);
  const group = field.oneof?.localName;
  return (message, value, depth) => {
    if (Array.isArray(value)) throw notExpecting(value, field);
    const result = read(value, depth);
    if (result === undefined) return;
    if (group === undefined) message[local] = result;
    else message[group] = { case: local, value: result };
  };
}

const planOf = perSchema(
  (schema, style): Plan =>
    new Map(schema.fields.map((field) => [fieldName(field, style.names), fieldReader(field, style)])),
);

function readMessage(schema: DescMessage, plan: Plan, value: Fields, depth: number): object {
  if (depth > deepest) {
    throw new MesosError(`more than ${deepest} messages inside each other`, { code: 'limit' });
  }
  const message = create(schema);
  for (const key in value) {
    const item = value[key];
    if (item !== null) plan.get(key)?.(message as unknown as Fields, item, depth);
  }
  return message;
}

/** As `readJson`, for a value that `parseJson` gave. */
export function readJsonValue<Desc extends DescMessage>(
  schema: Desc,
  value: unknown,
  { names }: ReadJsonOptions = {},
): Valid<Desc> {
  if (!isObject(value)) throw new MesosError('Expecting a JSON object', { code: 'invalid' });
  const message = readMessage(schema, planOf(schema, styleOf(names)), value, 1);
  return requireFields(schema, message as Parameters<typeof requireFields<Desc>>[1]);
}

/**
 * JSON as Mesos reads it: fields that the schema does not know and nulls are passed over, numbers and booleans may be
 * strings, 64-bit integers keep every digit, an enum name that is not known leaves its field unset. Throws `MesosError`
 * (`invalid`, in Mesos' words) for what is no JSON, does not fit, or lacks a required field.
 */
export function readJson<Desc extends DescMessage>(
  schema: Desc,
  text: string,
  options?: ReadJsonOptions,
): Valid<Desc> {
  return readJsonValue(schema, parseJson(text), options);
}
