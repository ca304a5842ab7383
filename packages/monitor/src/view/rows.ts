/** The leaves of a node as rows, by the templates that came with the report. */
import type {
  Leaves,
  MetadataTemplate,
  Metric,
  MetricTemplate,
  ReportNode,
  TableTemplate,
  Template,
} from '@orchestrator/report';
import type { MetadataRow, MetricRow, Table, TableRow } from './summary.ts';

/** Rows of one table that are shown at most. */
const maxTableRows = 500;

export interface Templates {
  readonly metadata: readonly MetadataTemplate[];
  readonly metrics: readonly MetricTemplate[];
  readonly tables: readonly TableTemplate[];
  readonly shape?: string;
  readonly label?: string;
  readonly labelPlural?: string;
}

type Kind<Name> = Extract<Template, { kind: Name }>;

function ofKind<Name extends Template['kind']>(templates: Leaves<Template>, kind: Name): Kind<Name>[] {
  const found: Kind<Name>[] = [];
  for (const { value } of templates.values()) if (value?.kind === kind) found.push(value as Kind<Name>);
  return found;
}

const byPriority = (a: { priority: number; id: string }, b: { priority: number; id: string }) =>
  a.priority - b.priority || (a.id < b.id ? -1 : 1);

const sorted = new WeakMap<Leaves<Template>, Templates>();

/** In the order in which they are shown; worked out once for each set of templates. */
export function templatesOf(leaves: Leaves<Template> | undefined): Templates {
  if (leaves === undefined) return { metadata: [], metrics: [], tables: [] };
  const known = sorted.get(leaves);
  if (known !== undefined) return known;
  const [about] = ofKind(leaves, 'topology');
  const templates: Templates = {
    metadata: ofKind(leaves, 'metadata').sort(byPriority),
    metrics: ofKind(leaves, 'metric').sort(byPriority),
    tables: ofKind(leaves, 'table').sort((a, b) => (a.id < b.id ? -1 : 1)),
    ...(about === undefined
      ? {}
      : { shape: about.shape, label: about.label, labelPlural: about.labelPlural }),
  };
  sorted.set(leaves, templates);
  return templates;
}

/** The texts of a node, those of what it is made from included. */
export type TextLookup = (key: string) => string | undefined;

function countOf(node: ReportNode, name: string): string | undefined {
  const writers = node.counters.get(name);
  if (writers === undefined) return undefined;
  let sum = 0;
  for (const { value } of writers.values()) sum += value ?? 0;
  return String(sum);
}

function elementsOf(node: ReportNode, name: string): string | undefined {
  const leaves = node.sets.get(name);
  if (leaves === undefined) return undefined;
  const present = [...leaves].filter(([, { value }]) => value === true).map(([element]) => element);
  return present.length === 0 ? undefined : present.sort().join(', ');
}

export function metadataRow(template: MetadataTemplate, value: string): MetadataRow {
  const { id, label, priority, dataType, truncate } = template;
  return {
    ...{ id, label, value, priority },
    ...(dataType === '' ? {} : { dataType }),
    ...(truncate === 0 ? {} : { truncate }),
  };
}

export function metadataRows(node: ReportNode, templates: Templates, text: TextLookup): MetadataRow[] {
  const rows: MetadataRow[] = [];
  for (const template of templates.metadata) {
    const { id, from } = template;
    const value = from === 'latest' ? text(id) : from === 'sets' ? elementsOf(node, id) : countOf(node, id);
    if (value !== undefined && value !== '') rows.push(metadataRow(template, value));
  }
  return rows;
}

const rounded = (value: number) => Math.round(value * 100) / 100;

function extreme(known: number, values: readonly number[], pick: (...values: number[]) => number): number {
  return Number.isNaN(known) ? pick(...values) : known;
}

function samplesOf({ timesMs, values }: Metric): NonNullable<MetricRow['samples']> {
  return timesMs.map((timeMs, index) => ({
    date: new Date(timeMs).toISOString(),
    value: values[index] ?? 0,
  }));
}

export function metricRows(node: ReportNode, templates: Templates, withSamples: boolean): MetricRow[] {
  const rows: MetricRow[] = [];
  for (const { id, label, format, group, priority } of templates.metrics) {
    const metric = node.metrics.get(id);
    const last = metric?.values.at(-1);
    if (metric === undefined || last === undefined) continue;
    rows.push({
      ...{ id, label },
      ...(format === '' ? {} : { format }),
      ...(group === '' ? {} : { group }),
      ...{ value: rounded(last), priority, samples: withSamples ? samplesOf(metric) : null },
      min: extreme(metric.range.min, metric.values, Math.min),
      max: extreme(metric.range.max, metric.values, Math.max),
      url: '',
    });
  }
  return rows;
}

const byId = (a: TableRow, b: TableRow) => (a.id < b.id ? -1 : 1);

function propertyRows(node: ReportNode, { prefix, fixedRows }: TableTemplate, text: TextLookup): TableRow[] {
  const rows: TableRow[] = [];
  const add = (label: string, value: string) =>
    rows.push({ id: `label_${label}`, entries: { label, value } });
  for (const [key, label] of Object.entries(fixedRows)) {
    const value = text(key);
    if (value !== undefined) add(label, value);
  }
  if (prefix !== '') {
    for (const [key, { value }] of node.latest) {
      if (value !== undefined && key.startsWith(prefix)) add(key.slice(prefix.length), value);
    }
  }
  return rows.sort(byId);
}

/** Cells are leaves called `PREFIX` `ROW` `___` `COLUMN`. */
function columnRows(node: ReportNode, { prefix }: TableTemplate): TableRow[] {
  const rows = new Map<string, Record<string, string>>();
  for (const [key, { value }] of node.latest) {
    if (value === undefined || !key.startsWith(prefix)) continue;
    const [row = '', column] = key.slice(prefix.length).split('___', 2);
    if (column === undefined) continue;
    const entries = rows.get(row) ?? {};
    entries[column] = value;
    rows.set(row, entries);
  }
  return Array.from(rows, ([id, entries]) => ({ id, entries })).sort(byId);
}

export function tablesOf(node: ReportNode, templates: Templates, text: TextLookup): Table[] {
  return templates.tables.map((template) => {
    const { id, label, type, columns } = template;
    const rows =
      type === 'multicolumn-table' ? columnRows(node, template) : propertyRows(node, template, text);
    const left = rows.length - maxTableRows;
    return {
      ...{ id, label, type, columns: columns.length === 0 ? null : columns },
      rows: left > 0 ? rows.slice(0, maxTableRows) : rows,
      ...(left > 0 ? { truncationCount: left } : {}),
    };
  });
}
