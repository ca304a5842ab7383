import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import type { ByteWriter } from './byte-writer.ts';

export type Fields = Readonly<Record<string, unknown>>;
type WriteValue = (to: ByteWriter, value: unknown) => void;

export interface ProtobufField {
  readonly local: string;
  /** Number and wire type. */
  readonly tag: number;
  /** The whole field, when there is something in it. */
  readonly write: (to: ByteWriter, message: Fields) => void;
  /** Of a list of messages: writes one of them, with its tag. */
  readonly item?: WriteValue;
  /** Of a field that is one message outside of a oneof, or a list of them. */
  readonly schema?: DescMessage;
}

/** What a message cannot do without, in proto2. */
const legacyRequired = 3;
/** Proto3: a zero is not written. Google's own types are so. */
const implicit = 2;

const isZero = (value: unknown) =>
  Object.is(value, 0) || value === 0n || value === '' || value === false || isEmptyBytes(value);
const isEmptyBytes = (value: unknown) => value instanceof Uint8Array && value.length === 0;

const scalarWriters: Partial<Record<ScalarType, readonly [WireType, WriteValue]>> = {
  [ScalarType.STRING]: [WireType.LengthDelimited, (to, value) => to.string(value as string)],
  [ScalarType.BYTES]: [WireType.LengthDelimited, (to, value) => to.bytes(value as Uint8Array)],
  [ScalarType.BOOL]: [WireType.Varint, (to, value) => to.bool(value as boolean)],
  [ScalarType.INT32]: [WireType.Varint, (to, value) => to.int32(value as number)],
  [ScalarType.UINT32]: [WireType.Varint, (to, value) => to.uint32(value as number)],
  [ScalarType.INT64]: [WireType.Varint, (to, value) => to.int64(value as bigint)],
  [ScalarType.UINT64]: [WireType.Varint, (to, value) => to.uint64(value as bigint)],
  [ScalarType.DOUBLE]: [WireType.Bit64, (to, value) => to.double(value as number)],
};

function messageWriter(schema: DescMessage): WriteValue {
  let plan: readonly ProtobufField[] | undefined; // found at first use: types contain themselves
  return (to, value) => {
    plan ??= fieldsOf(schema);
    const start = to.open();
    writeFields(to, plan, value as Fields);
    to.close(start);
  };
}

/** Of a value, or of one in a list or a map. */
function valueWriter(field: DescField): readonly [WireType, WriteValue] {
  if (field.message !== undefined) return [WireType.LengthDelimited, messageWriter(field.message)];
  const writer = scalarWriters[field.enum === undefined ? field.scalar : ScalarType.INT32];
  if (writer === undefined) throw new TypeError(`${field} has a type that Mesos' messages do without`);
  return writer;
}

const tagOf = (number: number, wireType: WireType) => ((number << 3) | wireType) >>> 0;

/** Keys are texts in all of Mesos' messages. */
function mapField(field: DescField): ProtobufField {
  const local = field.localName;
  const tag = tagOf(field.number, WireType.LengthDelimited);
  const [wireType, write] = valueWriter(field);
  const [keyTag, valueTag] = [tagOf(1, WireType.LengthDelimited), tagOf(2, wireType)];
  return {
    ...{ local, tag },
    write: (to, message) => {
      const entries = message[local] as Fields;
      for (const key of Object.keys(entries)) {
        to.uint32(tag);
        const start = to.open();
        to.uint32(keyTag);
        to.string(key);
        to.uint32(valueTag);
        write(to, entries[key]);
        to.close(start);
      }
    },
  };
}

function listField(field: DescField, tag: number, write: WriteValue): ProtobufField {
  const local = field.localName;
  const item: WriteValue = (to, value) => {
    to.uint32(tag);
    write(to, value);
  };
  return {
    ...{ local, tag },
    write: (to, message) => {
      for (const value of message[local] as readonly unknown[]) item(to, value);
    },
    ...(field.message === undefined ? {} : { item, schema: field.message }),
  };
}

function singleField(field: DescField, tag: number, write: WriteValue): ProtobufField {
  const local = field.localName;
  const isRequired = field.presence === legacyRequired;
  const isImplicit = field.presence === implicit;
  return {
    ...{ local, tag },
    write: (to, message) => {
      const value = message[local];
      // What is not there reads as its default, from the prototype.
      if (value !== undefined && Object.hasOwn(message, local)) {
        if (isImplicit && isZero(value)) return;
        to.uint32(tag);
        write(to, value);
      } else if (isRequired) throw new TypeError(`${field.name} is required`);
    },
    ...(field.message === undefined ? {} : { schema: field.message }),
  };
}

function alternativeField(field: DescField, group: string, tag: number, write: WriteValue): ProtobufField {
  const local = field.localName;
  return {
    ...{ local, tag },
    write: (to, message) => {
      const selected = message[group] as { case?: string; value?: unknown };
      if (selected.case !== local) return;
      to.uint32(tag);
      write(to, selected.value);
    },
  };
}

function fieldOf(field: DescField): ProtobufField {
  if (field.fieldKind === 'map') return mapField(field);
  const [wireType, write] = valueWriter(field);
  const tag = tagOf(field.number, wireType);
  if (field.oneof !== undefined) return alternativeField(field, field.oneof.localName, tag, write);
  return field.fieldKind === 'list' ? listField(field, tag, write) : singleField(field, tag, write);
}

const plans = new Map<DescMessage, readonly ProtobufField[]>();

/** How the fields of a type are written, by their numbers. */
export function fieldsOf(schema: DescMessage): readonly ProtobufField[] {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = [...schema.fields].sort((left, right) => left.number - right.number).map(fieldOf);
    plans.set(schema, plan);
  }
  return plan;
}

interface UnknownField {
  readonly no: number;
  readonly wireType: WireType;
  readonly data: Uint8Array;
}

/** Fields that the schema does not know, as they came. */
export function writeUnknown(to: ByteWriter, message: Fields): void {
  for (const { no, wireType, data } of (message.$unknown as readonly UnknownField[] | undefined) ?? []) {
    to.uint32(tagOf(no, wireType));
    to.raw(data);
  }
}

/** Protobuf: fields by number, then unknown ones. Throws for a required field that is not there, and a number out of range. */
export function writeFields(to: ByteWriter, plan: readonly ProtobufField[], message: Fields): void {
  for (const field of plan) field.write(to, message);
  if (message.$unknown !== undefined) writeUnknown(to, message);
}
