import type { DescField, DescMessage } from '@bufbuild/protobuf';

interface Step {
  field: DescField;
  message: DescMessage;
}

/** Gives what takes the place of the message: it itself, or another. */
type Replace = (found: object) => object;

/**
 * A walk to all messages of one type inside another, each of which may be replaced. Where such messages can be is found out
 * once for each type, so that a message that cannot hold any costs nothing.
 */
export function createVisitor(
  target: DescMessage,
): (schema: DescMessage, value: object, replace: Replace) => object {
  const plans = new Map<DescMessage, readonly Step[]>();

  function planOf(schema: DescMessage): readonly Step[] {
    const known = plans.get(schema);
    if (known !== undefined) return known;
    const steps = schema.fields.flatMap((field) => {
      const message = field.fieldKind === 'enum' || field.fieldKind === 'scalar' ? undefined : field.message;
      return message !== undefined && reaches(message, new Set()) ? [{ field, message }] : [];
    });
    plans.set(schema, steps);
    return steps;
  }

  function reaches(schema: DescMessage, seen: Set<DescMessage>): boolean {
    if (schema === target) return true;
    if (seen.has(schema)) return false;
    seen.add(schema);
    return schema.fields.some(
      (field) =>
        field.fieldKind !== 'enum' &&
        field.fieldKind !== 'scalar' &&
        field.message !== undefined &&
        reaches(field.message, seen),
    );
  }

  function walkInto(holder: object, key: string, message: DescMessage, replace: Replace): void {
    const child: unknown = Reflect.get(holder, key);
    if (typeof child !== 'object' || child === null) return;
    const next = walk(message, child, replace);
    if (next !== child) Reflect.set(holder, key, next);
  }

  function walk(schema: DescMessage, value: object, replace: Replace): object {
    if (schema === target) return replace(value);
    for (const { field, message } of planOf(schema)) {
      const { localName } = field; // none of these fields is in a oneof
      if (field.fieldKind === 'message') walkInto(value, localName, message, replace);
      else {
        const items: object = Reflect.get(value, localName);
        for (const key of Object.keys(items)) walkInto(items, key, message, replace);
      }
    }
    return value;
  }
  return walk;
}
