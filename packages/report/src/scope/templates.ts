import { type Template, templateKey } from '../template.ts';
import { isObject, type JsonObject, listOf, numberOf, objectOf, textOf } from './json.ts';

/** Of one control; nobody fills in more. */
const maxInputs = 10;

function oneOf<Text extends string>(value: unknown, known: readonly [Text, ...Text[]]): Text {
  return known.find((one) => one === value) ?? known[0];
}

const members = {
  metadata_templates: (id: string, value: JsonObject): Template => ({
    kind: 'metadata',
    id,
    label: textOf(value.label),
    priority: numberOf(value.priority),
    from: oneOf(value.from, ['latest', 'sets', 'counters']),
    dataType: oneOf(value.dataType, ['', 'number', 'ip', 'datetime', 'duration', 'link']),
    truncate: numberOf(value.truncate),
  }),
  metric_templates: (id: string, value: JsonObject): Template => ({
    kind: 'metric',
    id,
    label: textOf(value.label),
    priority: numberOf(value.priority),
    format: oneOf(value.format, ['', 'filesize', 'integer', 'percent', 'rate']),
    group: textOf(value.group),
  }),
  table_templates: (id: string, value: JsonObject): Template => ({
    kind: 'table',
    id,
    label: textOf(value.label),
    prefix: textOf(value.prefix),
    type: oneOf(value.type, ['property-list', 'multicolumn-table']),
    columns: listOf(value.columns)
      .filter(isObject)
      .map((column) => ({
        id: textOf(column.id),
        label: textOf(column.label),
        dataType: textOf(column.dataType),
      })),
    fixedRows: Object.fromEntries(
      Object.entries(objectOf(value.fixedRows)).map(([key, label]) => [key, textOf(label)]),
    ),
  }),
  controls: (id: string, value: JsonObject): Template => ({
    kind: 'control',
    id,
    human: textOf(value.human),
    icon: textOf(value.icon),
    rank: numberOf(value.rank),
    confirmation: textOf(value.confirmation),
    inputs: listOf(value.inputs)
      .filter(isObject)
      .slice(0, maxInputs)
      .map((input) => ({ id: textOf(input.id), label: textOf(input.label) })),
  }),
} as const;

/** The templates of a topology in Scope's form, with their keys. */
export function scopeTemplates(topology: JsonObject): [string, Template][] {
  const templates: Template[] = [];
  if (textOf(topology.label) !== '') {
    templates.push({
      kind: 'topology',
      id: 'topology',
      shape: textOf(topology.shape),
      label: textOf(topology.label),
      labelPlural: textOf(topology.label_plural),
    });
  }
  for (const [member, read] of Object.entries(members)) {
    for (const [id, value] of Object.entries(objectOf(topology[member]))) {
      if (isObject(value)) templates.push(read(id, value));
    }
  }
  return templates.map((template) => [templateKey(template), template]);
}

const filled = (entries: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== '' && value !== 0));

/** One template in Scope's form, and the member of the topology it goes to; undefined for the topology's own. */
export function toScopeTemplate(template: Template): { member: string; value: JsonObject } | undefined {
  switch (template.kind) {
    case 'topology':
      return undefined;
    case 'metadata': {
      const { id, label, priority, from, dataType, truncate } = template;
      return {
        member: 'metadata_templates',
        value: filled({ id, label, truncate, dataType, priority, from }),
      };
    }
    case 'metric': {
      const { id, label, format, group, priority } = template;
      return { member: 'metric_templates', value: filled({ id, label, format, group, priority }) };
    }
    case 'table': {
      const { id, label, prefix, type, columns, fixedRows } = template;
      return {
        member: 'table_templates',
        value: { id, label, prefix, type, columns: columns.length === 0 ? null : columns, fixedRows },
      };
    }
    case 'control': {
      const { id, human, icon, rank, confirmation, inputs } = template;
      const asked = {
        ...(confirmation === '' ? {} : { confirmation }),
        ...(inputs.length === 0 ? {} : { inputs }),
      };
      return { member: 'controls', value: { id, human, icon, rank, ...asked } };
    }
  }
}
