/** A table that stays quick with any number of rows: only those in sight are in the document. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { classNames } from './class-names.ts';
import { Icon } from './icon.tsx';
import styles from './table.module.css';

export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  /** Of CSS grid, such as `90px` or `minmax(120px, 2fr)`. */
  readonly width: string;
  readonly render: (row: Row) => ReactNode;
  /** By which rows are sorted; a column without it cannot be sorted by. */
  readonly value?: (row: Row) => string | number | undefined;
  readonly align?: 'right';
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

export interface TableProps<Row> {
  /** Says what the rows are. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  readonly selected?: (row: Row) => boolean;
  readonly sorting?: Sorting;
  readonly empty?: ReactNode;
  readonly rowHeight?: number;
  /** As high as its rows, up to two thirds of the window; otherwise as high as what it is in. */
  readonly fitted?: boolean;
}

/** In pixels; of the head with its line and, below, what is scrolled with. */
const [headHeight, emptyHeight] = [42, 260];

/** `c2` before `c10`. Made once: that takes longer than a thousand comparisons. */
const collator = new Intl.Collator('en', { numeric: true });

/** Rows that have no value come last, whichever way is sorted. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const value = columns.find(({ id }) => id === sorting?.column)?.value;
  if (value === undefined || sorting === undefined) return rows;
  const way = sorting.descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: value(row) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined)
        return Number(a.key === undefined) - Number(b.key === undefined);
      if (typeof a.key === 'number' && typeof b.key === 'number') return way * (a.key - b.key);
      return way * collator.compare(String(a.key), String(b.key));
    })
    .map(({ row }) => row);
}

function useSorting(first: Sorting | undefined) {
  const [sorting, setSorting] = useState(first);
  // Of numbers, the largest are looked for.
  const toggle = ({ id, align }: Pick<Column<never>, 'id' | 'align'>) =>
    setSorting((now) => ({
      column: id,
      descending: now?.column === id ? !now.descending : align === 'right',
    }));
  return { sorting, toggle };
}

function Head<Row>(props: {
  readonly columns: readonly Column<Row>[];
  readonly sorting: Sorting | undefined;
  readonly toggle: (column: Pick<Column<Row>, 'id' | 'align'>) => void;
}) {
  const { columns, sorting, toggle } = props;
  return (
    <tr className={styles.head}>
      {columns.map(({ id, label, value, align }) => {
        const way = sorting?.column === id ? (sorting.descending ? 'descending' : 'ascending') : 'none';
        return (
          <th key={id} scope="col" aria-sort={way} className={align === 'right' ? styles.right : undefined}>
            {value === undefined ? (
              label
            ) : (
              <button
                type="button"
                onClick={() => toggle({ id, ...(align && { align }) })}
                className={classNames(way !== 'none' && styles[way])}
              >
                {label}
                {way !== 'none' && <Icon name="chevron" size={10} />}
              </button>
            )}
          </th>
        );
      })}
    </tr>
  );
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, keyOf, onOpen, selected, empty, rowHeight = 32, fitted = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { sorting, toggle } = useSorting(props.sorting);
  const sorted = useMemo(() => sortRows(rows, columns, sorting), [rows, columns, sorting]);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const grid = { gridTemplateColumns: columns.map(({ width }) => width).join(' ') };
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      {...(fitted && {
        style: {
          height: rows.length === 0 ? emptyHeight : `min(${headHeight + rows.length * rowHeight}px, 66vh)`,
        },
      })}
    >
      <table className={styles.table} aria-label={label} aria-rowcount={rows.length + 1} style={grid}>
        <thead className={styles.headGroup}>
          <Head {...{ columns, sorting, toggle }} />
        </thead>
        <tbody
          className={styles.body}
          style={{
            height: virtual.getTotalSize(),
            paddingTop: items[0]?.start ?? 0,
            gridAutoRows: rowHeight,
          }}
        >
          {items.map(({ index }) => {
            const row = sorted[index];
            if (row === undefined) return null;
            return (
              <tr
                key={keyOf(row)}
                aria-rowindex={index + 2}
                className={classNames(
                  styles.row,
                  selected?.(row) === true && styles.selected,
                  onOpen !== undefined && styles.openable,
                )}
                {...(onOpen === undefined
                  ? {}
                  : {
                      tabIndex: 0,
                      onClick: () => onOpen(row),
                      onKeyDown: (event) => {
                        if (event.key === 'Enter' && event.target === event.currentTarget) onOpen(row);
                      },
                    })}
              >
                {columns.map(({ id, render, align }) => (
                  <td key={id} className={align === 'right' ? styles.right : undefined}>
                    {render(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {sorted.length === 0 && <div className={styles.empty}>{empty ?? 'Nothing to show.'}</div>}
    </div>
  );
}
