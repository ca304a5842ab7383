/** Whether a value fits a schema, without making a copy of it: for what arrives by the thousand. */
import { z } from 'zod';

type Check = (value: unknown) => boolean;

const optionalOf = (inner: Check, none: null | undefined): Check => {
  return (value) => value === none || inner(value);
};

function arrayOf(item: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (const each of value) if (!item(each)) return false;
    return true;
  };
}

function recordOf(item: Check): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const each of Object.values(value)) if (!item(each)) return false;
    return true;
  };
}

function objectOf(fields: readonly (readonly [name: string, check: Check])[]): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const given = value as Readonly<Record<string, unknown>>;
    for (const [name, check] of fields) if (!check(given[name])) return false;
    return true;
  };
}

const refusal = (what: string) =>
  new TypeError(`${what} cannot be checked without a copy; use safeParse of the schema`);

function checkOf(schema: z.core.$ZodType): Check {
  if ((schema._zod.def.checks ?? []).length > 0) throw refusal('a refinement');
  if (schema instanceof z.ZodString) return (value) => typeof value === 'string';
  if (schema instanceof z.ZodNumber) return (value) => typeof value === 'number';
  if (schema instanceof z.ZodBoolean) return (value) => typeof value === 'boolean';
  if (schema instanceof z.ZodOptional) return optionalOf(checkOf(schema.def.innerType), undefined);
  if (schema instanceof z.ZodNullable) return optionalOf(checkOf(schema.def.innerType), null);
  if (schema instanceof z.ZodArray) return arrayOf(checkOf(schema.def.element));
  if (schema instanceof z.ZodRecord) return recordOf(checkOf(schema.def.valueType));
  if (schema instanceof z.ZodObject) {
    if (schema.def.catchall !== undefined) throw refusal('an object that says what else may be in it');
    const fields = Object.entries(schema.def.shape as Readonly<Record<string, z.core.$ZodType>>);
    return objectOf(fields.map(([name, field]) => [name, checkOf(field)]));
  }
  throw refusal(`a schema of type "${schema._zod.def.type}"`);
}

/**
 * For schemas of plain objects, arrays, records of texts, texts, numbers and truth values, without refinements. Keys that the
 * schema does not know stay in the value.
 *
 * @throws TypeError if there is anything else in the schema
 */
export function conformsTo<Schema extends z.ZodType>(
  schema: Schema,
): (value: unknown) => value is z.output<Schema> {
  const check = checkOf(schema);
  return (value): value is z.output<Schema> => check(value);
}
