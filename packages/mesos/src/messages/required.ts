import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Proto2 presence that a message cannot do without (`FieldDescriptorProto`: LEGACY_REQUIRED). */
const legacyRequired = 3;

/** A message field below which something is required. */
interface RequiredStep {
  field: DescField;
  message: DescMessage;
}

interface RequiredPlan {
  own: readonly DescField[];
  below: readonly RequiredStep[];
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

/** What is in the field: a message, a list or a map of them; undefined when there is nothing. */
function contentOf(value: object, { oneof, localName }: DescField): object | undefined {
  const holder = oneof === undefined ? value : Reflect.get(value, oneof.localName);
  if (oneof !== undefined && Reflect.get(holder, 'case') !== localName) return undefined;
  const child: unknown = Reflect.get(holder, oneof === undefined ? localName : 'value');
  return typeof child === 'object' && child !== null ? child : undefined;
}

/** Whether nothing is missing: so it is nearly always, and to name what is costs several times as much as to look. */
function isComplete(schema: DescMessage, value: object): boolean {
  const { own, below } = planOf(schema);
  // Every message that comes or is made goes through here: loops that leave no iterators behind.
  for (let index = 0; index < own.length; index++) {
    if (!Object.hasOwn(value, own[index]?.localName ?? '')) return false;
  }
  for (let index = 0; index < below.length; index++) {
    const step = below[index];
    if (step !== undefined && !isCompleteBelow(step, contentOf(value, step.field))) return false;
  }
  return true;
}

function isCompleteBelow({ field, message }: RequiredStep, child: object | undefined): boolean {
  if (child === undefined) return true;
  if (field.fieldKind === 'message') return isComplete(message, child);
  const items: readonly object[] = Array.isArray(child) ? child : Object.values(child);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (item !== undefined && !isComplete(message, item)) return false;
  }
  return true;
}

function collect(schema: DescMessage, value: object, prefix: string, missing: string[]): void {
  const plan = planOf(schema);
  for (const field of plan.own) {
    if (!Object.hasOwn(value, field.localName)) missing.push(prefix + field.name);
  }
  for (const { field, message } of plan.below) {
    const child = contentOf(value, field);
    if (child === undefined) continue;
    if (field.fieldKind === 'message') {
      collect(message, child, `${prefix}${field.name}.`, missing);
      continue;
    }
    for (const [index, item] of Object.values(child).entries()) {
      collect(message, item, `${prefix}${field.name}[${index}].`, missing);
    }
  }
}

/** Paths of the required fields that are not set, as Mesos names them: `subscribe.framework_info.user`. */
export function missingFields(schema: DescMessage, value: object): string[] {
  const missing: string[] = [];
  if (needsAnything(schema) && !isComplete(schema, value)) collect(schema, value, '', missing);
  return missing;
}
