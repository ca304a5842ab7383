import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import type { Valid } from '../messages/message.ts';
import {
  enumName,
  fieldName,
  isShownEmpty,
  type JsonNames,
  type JsonStyle,
  perSchema,
  styleOf,
  v0Default,
} from './names.ts';
import { bytesText, doubleText, stringText } from './scalar-text.ts';

export interface WriteJsonOptions {
  /** Default `v1`. */
  names?: JsonNames;
  /** Fields in alphabetical order, as in ZooKeeper and in some of the endpoints from before v1. Default false. */
  sorted?: boolean;
}

type WriteValue = (value: unknown) => string;
export type Fields = Readonly<Record<string, unknown>>;

export interface FieldPlan {
  /** `"name":` */
  key: string;
  local: string;
  /** Text of the whole value, or undefined when there is nothing to say. */
  text: (message: Fields) => string | undefined;
  /** Of a list of messages: writes one of them. */
  item?: WriteValue;
  /** Of such a list: how the fields of one of them are written. */
  itemFields?: () => readonly FieldPlan[];
  /** Of a field that is one message: how its fields are written. */
  fields?: () => readonly FieldPlan[];
}

const scalarWriters: Partial<Record<ScalarType, WriteValue>> = {
  [ScalarType.STRING]: (value) => stringText(value as string),
  [ScalarType.BYTES]: (value) => bytesText(value as Uint8Array),
  [ScalarType.DOUBLE]: (value) => doubleText(value as number),
  [ScalarType.FLOAT]: (value) => doubleText(value as number),
};

const wholeOrBoolean: WriteValue = (value) => String(value);

function enumWriter(type: DescEnum, names: JsonNames): WriteValue {
  const texts = new Map(type.values.map((value) => [value.number, `"${enumName(type, value.name, names)}"`]));
  return (value) => texts.get(value as number) ?? String(value);
}

function messageWriter(schema: DescMessage, style: JsonStyle): WriteValue {
  let plan: readonly FieldPlan[] | undefined; // found at first use: types contain themselves
  return (value) => {
    plan ??= planOf(schema, style);
    return writeFields(plan, value as Fields);
  };
}

function valueWriter(field: DescField, style: JsonStyle): WriteValue {
  if (field.enum !== undefined) return enumWriter(field.enum, style.names);
  if (field.message !== undefined) return messageWriter(field.message, style);
  return scalarWriters[field.scalar] ?? wholeOrBoolean;
}

function listText(write: WriteValue, items: readonly unknown[]): string {
  let text = '[';
  for (const item of items) text += text.length === 1 ? write(item) : `,${write(item)}`;
  return `${text}]`;
}

function mapText(write: WriteValue, entries: Fields): string {
  let text = '{';
  for (const key of Object.keys(entries)) {
    text += `${text.length === 1 ? '' : ','}${stringText(key)}:${write(entries[key])}`;
  }
  return `${text}}`;
}

/** A default is shown for what is not set, unless the field is deprecated. */
function defaultText(field: DescField, style: JsonStyle, write: WriteValue): string | undefined {
  if (field.fieldKind !== 'scalar' && field.fieldKind !== 'enum') return undefined;
  const value = v0Default(field, style.names) ?? field.getDefaultValue();
  const deprecated = field.proto.options?.deprecated === true;
  return value === undefined || deprecated ? undefined : write(value);
}

function fieldPlan(field: DescField, style: JsonStyle): FieldPlan {
  const local = field.localName;
  const key = `${stringText(fieldName(field, style.names))}:`;
  const write = valueWriter(field, style);
  if (field.oneof !== undefined) {
    const group = field.oneof.localName;
    return {
      key,
      local,
      text: (message) => {
        const selected = message[group] as { case?: string; value?: unknown };
        return selected.case === local ? write(selected.value) : undefined;
      },
    };
  }
  if (field.fieldKind === 'list') {
    const whenEmpty = isShownEmpty(field) ? '[]' : undefined;
    const text = (message: Fields) => {
      const items = message[local] as readonly unknown[];
      return items.length === 0 ? whenEmpty : listText(write, items);
    };
    if (field.listKind !== 'message') return { key, local, text };
    return { key, local, text, item: write, itemFields: () => planOf(field.message, style) };
  }
  if (field.fieldKind === 'map') {
    const text = (message: Fields) => {
      const entries = message[local] as Fields;
      for (const _ in entries) return mapText(write, entries);
      return undefined;
    };
    return { key, local, text };
  }
  if (field.fieldKind === 'message') {
    const text = (message: Fields) => {
      const value = message[local];
      return value === undefined ? undefined : write(value);
    };
    return { key, local, text, fields: () => planOf(field.message, style) };
  }
  const unset = defaultText(field, style, write);
  return { key, local, text: (message) => (Object.hasOwn(message, local) ? write(message[local]) : unset) };
}

export const planOf = perSchema((schema, style): readonly FieldPlan[] => {
  const fields = [...schema.fields];
  if (style.sorted) {
    const byName = (field: DescField) => fieldName(field, style.names);
    fields.sort((left, right) => (byName(left) < byName(right) ? -1 : 1));
  }
  return fields.map((field) => fieldPlan(field, style));
});

function writeFields(plan: readonly FieldPlan[], message: Fields): string {
  let text = '{';
  for (const field of plan) {
    const value = field.text(message);
    if (value !== undefined) text += text.length === 1 ? field.key + value : `,${field.key}${value}`;
  }
  return `${text}}`;
}

/**
 * JSON as Mesos writes it: fields under their proto names in the order of the schema, defaults included (unless
 * deprecated), enums by name, bytes in base64, 64-bit integers as bare numbers, doubles always with a point. Fields that
 * the schema does not know are left out.
 */
export function writeJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
  { names, sorted }: WriteJsonOptions = {},
): string {
  return writeFields(planOf(schema, styleOf(names, sorted)), message as unknown as Fields);
}
