import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Proto2 presence that a message cannot do without (`FieldDescriptorProto`: LEGACY_REQUIRED). */
const legacyRequired = 3;

interface RequiredPlan {
  own: readonly DescField[];
  /** Message fields below which something is required. */
  below: readonly { field: DescField; message: DescMessage }[];
}

const plans = new Map<DescMessage, RequiredPlan>();
const needs = new Map<DescMessage, boolean>();

function childOf(field: DescField): DescMessage | undefined {
  return field.fieldKind === 'enum' || field.fieldKind === 'scalar' ? undefined : field.message;
}

function needsAnything(message: DescMessage): boolean {
  const known = needs.get(message);
  if (known !== undefined) return known;
  needs.set(message, false); // a message below itself adds nothing
  const needed = message.fields.some((field) => {
    const child = childOf(field);
    return field.presence === legacyRequired || (child !== undefined && needsAnything(child));
  });
  needs.set(message, needed);
  return needed;
}

function planOf(message: DescMessage): RequiredPlan {
  let plan = plans.get(message);
  if (plan === undefined) {
    const below = message.fields.flatMap((field) => {
      const child = childOf(field);
      return child !== undefined && needsAnything(child) ? [{ field, message: child }] : [];
    });
    plan = { own: message.fields.filter((field) => field.presence === legacyRequired), below };
    plans.set(message, plan);
  }
  return plan;
}

function collect(schema: DescMessage, value: object, prefix: string, missing: string[]): void {
  const plan = planOf(schema);
  for (const field of plan.own) {
    if (!Object.hasOwn(value, field.localName)) missing.push(prefix + field.name);
  }
  for (const { field, message } of plan.below) {
    const holder = field.oneof === undefined ? value : Reflect.get(value, field.oneof.localName);
    if (field.oneof !== undefined && Reflect.get(holder, 'case') !== field.localName) continue;
    const child: unknown = Reflect.get(holder, field.oneof === undefined ? field.localName : 'value');
    if (typeof child !== 'object' || child === null) continue;
    if (field.fieldKind === 'message') {
      collect(message, child, `${prefix}${field.name}.`, missing);
      continue;
    }
    let index = 0;
    for (const item of Object.values(child)) {
      collect(message, item, `${prefix}${field.name}[${index}].`, missing);
      index += 1;
    }
  }
}

/** Paths of the required fields that are not set, as Mesos names them: `subscribe.framework_info.user`. */
export function missingFields(schema: DescMessage, value: object): string[] {
  const missing: string[] = [];
  if (needsAnything(schema)) collect(schema, value, '', missing);
  return missing;
}
