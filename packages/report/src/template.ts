/**
 * How what is in a report is called and shown. Templates travel in the report, so that a plugin's values look like ours
 * without any code of theirs in the console.
 */
export interface MetadataTemplate {
  readonly kind: 'metadata';
  readonly id: string;
  readonly label: string;
  /** The lower, the further up. */
  readonly priority: number;
  readonly from: 'latest' | 'sets' | 'counters';
  readonly dataType: '' | 'number' | 'ip' | 'datetime' | 'duration' | 'link';
  /** Characters shown; 0 for all. */
  readonly truncate: number;
}

export interface MetricTemplate {
  readonly kind: 'metric';
  readonly id: string;
  readonly label: string;
  readonly priority: number;
  readonly format: '' | 'filesize' | 'integer' | 'percent' | 'rate';
  /** Metrics of one group are drawn together. */
  readonly group: string;
}

export interface TableColumn {
  readonly id: string;
  readonly label: string;
  readonly dataType: string;
}

export interface TableTemplate {
  readonly kind: 'table';
  readonly id: string;
  readonly label: string;
  /** Of the keys of leaves that are its rows. */
  readonly prefix: string;
  readonly type: 'property-list' | 'multicolumn-table';
  readonly columns: readonly TableColumn[];
  /** Keys of leaves and what they are called. */
  readonly fixedRows: Readonly<Record<string, string>>;
}

export interface ControlTemplate {
  readonly kind: 'control';
  readonly id: string;
  readonly human: string;
  readonly icon: string;
  readonly rank: number;
  /** Asked before it is done; empty if nothing is. */
  readonly confirmation: string;
  /** What has to be filled in before it is done; sent as arguments by their ids. */
  readonly inputs: readonly ControlInput[];
}

export interface ControlInput {
  readonly id: string;
  readonly label: string;
}

export interface TopologyTemplate {
  readonly kind: 'topology';
  readonly id: 'topology';
  readonly shape: string;
  readonly label: string;
  readonly labelPlural: string;
}

export type Template = MetadataTemplate | MetricTemplate | TableTemplate | ControlTemplate | TopologyTemplate;

/** Templates of different kinds may have the same id. */
export const templateKey = (template: Template): string => `${template.kind}:${template.id}`;

/** The members' names in order, so that two equal templates have one text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

export function templateOrder(a: Template, b: Template): number {
  const [left, right] = [canonical(a), canonical(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
