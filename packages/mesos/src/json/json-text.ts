import { doubleText } from './scalar-text.ts';

/** A number that Mesos keeps as a double, and so writes with its point: `1000.0`. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Json =
  | string
  | number
  | boolean
  | Double
  /** Written already. */
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const double = (value: number) => new Double(value);

/** Texts of keys that are remembered; most answers are made of the same few, attributes of agents have others. */
const mostKeys = 2048;
const keys = new Map<string, string>();

function keyText(key: string): string {
  const known = keys.get(key);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(key)}:`;
  if (keys.size < mostKeys) keys.set(key, text);
  return text;
}

function listText(items: readonly Json[]): string {
  let text = '[';
  for (const item of items) text += text.length === 1 ? jsonText(item) : `,${jsonText(item)}`;
  return `${text}]`;
}

function objectText(object: { readonly [key: string]: Json | undefined }): string {
  let text = '{';
  for (const key of Object.keys(object)) {
    const field = object[key];
    if (field === undefined) continue;
    text += text.length === 1 ? keyText(key) + jsonText(field) : `,${keyText(key)}${jsonText(field)}`;
  }
  return `${text}}`;
}

/** As `JSON.stringify`, with doubles as Mesos writes them. Undefined fields are left out. */
export function jsonText(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return listText(value as readonly Json[]);
  return objectText(value as { readonly [key: string]: Json | undefined });
}
