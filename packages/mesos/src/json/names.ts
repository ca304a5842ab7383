import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';

/**
 * v1 names are those of the schema. v0 is what the endpoints from before v1 speak: `slave_id` for `agent_id`,
 * `REASON_SLAVE_REMOVED` for `REASON_AGENT_REMOVED`, and `checkpoint` in what they call a SlaveInfo.
 */
export type JsonNames = 'v1' | 'v0';

const v0Packages = ['mesos.v1', 'mesos.internal'];

export function fieldName(field: DescField, names: JsonNames): string {
  if (names === 'v1' || !v0Packages.includes(field.parent.file.proto.package)) return field.name;
  return field.name === 'agent_id' ? 'slave_id' : field.name;
}

const wholeAnswers = new Set(
  ['master', 'agent'].flatMap((daemon) =>
    ['GetAgents', 'GetExecutors', 'GetFrameworks', 'GetTasks'].map(
      (answer) => `mesos.v1.${daemon}.Response.${answer}`,
    ),
  ),
);

/** Lists in the answers about state are shown when they are empty too, unless they are deprecated. */
export function isShownEmpty(field: DescField): boolean {
  return wholeAnswers.has(field.parent.typeName) && field.proto.options?.deprecated !== true;
}

/** Defaults that only v0 has. */
export function v0Default(field: DescField, names: JsonNames): boolean | undefined {
  const shown =
    names === 'v0' && field.name === 'checkpoint' && field.parent.typeName === 'mesos.v1.AgentInfo';
  return shown ? false : undefined;
}

export function enumName(type: DescEnum, name: string, names: JsonNames): string {
  if (names === 'v1' || type.parent?.typeName !== 'mesos.v1.TaskStatus') return name;
  return name.replace(/^(SOURCE|REASON)_AGENT/, '$1_SLAVE');
}

export interface JsonStyle {
  readonly names: JsonNames;
  /** Fields by name instead of in the order of the schema. */
  readonly sorted: boolean;
}

/** All there are, so that plans can be kept by style. */
const styles: readonly JsonStyle[] = [
  { names: 'v1', sorted: false },
  { names: 'v0', sorted: false },
  { names: 'v1', sorted: true },
  { names: 'v0', sorted: true },
];

export function styleOf(names: JsonNames = 'v1', sorted = false): JsonStyle {
  return styles.find((style) => style.names === names && style.sorted === sorted) ?? { names, sorted };
}

/** One plan for each message type and style, made at first use. */
export function perSchema<Plan>(
  make: (schema: DescMessage, style: JsonStyle) => Plan,
): (schema: DescMessage, style: JsonStyle) => Plan {
  const plans = new Map<JsonStyle, Map<DescMessage, Plan>>(styles.map((style) => [style, new Map()]));
  return (schema, style) => {
    const known = plans.get(style)?.get(schema);
    if (known !== undefined) return known;
    const plan = make(schema, style);
    plans.get(style)?.set(schema, plan);
    return plan;
  };
}
