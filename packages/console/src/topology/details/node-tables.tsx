import type { NodeTable } from '../model/schema.ts';
import styles from './details-panel.module.css';
import { WebLink } from './web-link.tsx';

const alignment = (dataType: string | undefined) => (dataType === 'number' ? styles.number : undefined);

function Cell({ value, dataType }: { readonly value: string; readonly dataType: string | undefined }) {
  return dataType === 'link' ? <WebLink address={value} /> : value;
}

/** Properties by name, or rows with columns, as the probe or a plugin made them. */
export function NodeTables({ table }: { readonly table: NodeTable }) {
  const { columns, rows, truncationCount = 0 } = table;
  const shown = columns ?? [
    { id: 'label', label: 'Name', dataType: '' },
    { id: 'value', label: 'Value', dataType: '' },
  ];
  return (
    <>
      <table className={styles.rows}>
        {columns !== null && (
          <thead>
            <tr>
              {shown.map(({ id, label, dataType }) => (
                <th key={id} scope="col" className={alignment(dataType)}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map(({ id, entries }) => (
            <tr key={id}>
              {shown.map((column, index) =>
                index === 0 ? (
                  <th key={column.id} scope="row" className={styles.name}>
                    {entries[column.id] ?? ''}
                  </th>
                ) : (
                  <td key={column.id} className={alignment(column.dataType)}>
                    <Cell value={entries[column.id] ?? ''} dataType={column.dataType} />
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {truncationCount > 0 && <p className={styles.more}>and {truncationCount} more</p>}
    </>
  );
}
