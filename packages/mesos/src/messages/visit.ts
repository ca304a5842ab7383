import type { DescField, DescMessage } from '@bufbuild/protobuf';

interface Step {
  field: DescField;
  message: DescMessage;
}

type Visit = (schema: DescMessage, value: object, visit: (found: object) => void) => void;

/**
 * A walk to all messages of one type inside another. Where such messages can be is found out once for each type, so that
 * a message that cannot hold any costs nothing.
 */
export function createVisitor(target: DescMessage): Visit {
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

  const walk: Visit = (schema, value, visit) => {
    if (schema === target) {
      visit(value);
      return;
    }
    for (const { field, message } of planOf(schema)) {
      const child: unknown = Reflect.get(value, field.localName); // none of these fields is in a oneof
      if (typeof child !== 'object' || child === null) continue;
      if (field.fieldKind === 'message') walk(message, child, visit);
      else for (const item of Object.values(child)) walk(message, item, visit);
    }
  };
  return walk;
}
