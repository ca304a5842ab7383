/** JSON as Mesos writes it by hand. */
import { doubleText } from '@orchestrator/mesos';

/** A number that Mesos keeps as a double, and so writes with its point: `1000.0`. */
export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Written already. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json =
  | string
  | number
  | boolean
  | Double
  | RawJson
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

export const double = (value: number) => new Double(value);

/** As `JSON.stringify`, with doubles as Mesos writes them. Undefined fields are left out. */
export function jsonText(value: Json): string {
  if (value instanceof Double) return doubleText(value.value);
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map((item: Json) => jsonText(item)).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields: string[] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${jsonText(field as Json)}`);
  }
  return `{${fields.join(',')}}`;
}
