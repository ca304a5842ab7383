import { padEnd, padStart, type Style, truncate, widthOf } from './style.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** This column gives way when the table is wider than the terminal; the last one does by default. */
  readonly flexible?: boolean;
}

export interface TableOptions {
  readonly columns: readonly Column[];
  /** Cells may be styled. */
  readonly rows: readonly (readonly string[])[];
  readonly style: Style;
  /** Default: no limit. */
  readonly width?: number;
}

const gap = '  ';
const narrowest = 12;

function widths(options: TableOptions): number[] {
  const { columns, rows, width = Number.POSITIVE_INFINITY } = options;
  const natural = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const flexible = columns.findIndex((column) => column.flexible === true);
  const index = flexible < 0 ? columns.length - 1 : flexible;
  const total = natural.reduce((sum, one) => sum + one, 0) + gap.length * (columns.length - 1);
  const own = natural[index] ?? 0;
  if (total > width) natural[index] = Math.min(own, Math.max(narrowest, own - (total - width)));
  return natural;
}

/** A heading and one line a row, without frame: easy on the eye, and on `awk`. */
export function renderTable(options: TableOptions): string {
  const { columns, rows, style } = options;
  const sizes = widths(options);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const size = sizes[index] ?? 0;
        const text = truncate(cell, size);
        return columns[index]?.align === 'right' ? padStart(text, size) : padEnd(text, size);
      })
      .join(gap)
      .trimEnd();
  return [style.dim(line(columns.map((column) => column.title))), ...rows.map(line)].join('\n');
}

/** `name   value` lines, names in one column. */
export function renderFields(fields: readonly (readonly [string, string])[], style: Style): string {
  const size = Math.max(0, ...fields.map(([name]) => widthOf(name)));
  return fields.map(([name, value]) => `${style.dim(padEnd(name, size))}${gap}${value}`).join('\n');
}
