import { formatTime } from '../../ui/index.ts';
import type { MetadataRow } from '../model/schema.ts';
import styles from './details-panel.module.css';

function textOf({ value, dataType, truncate }: MetadataRow): string {
  if (dataType === 'datetime') {
    const timeMs = Date.parse(value);
    return Number.isNaN(timeMs) ? value : formatTime(timeMs);
  }
  return truncate === undefined ? value : value.slice(0, truncate);
}

export function MetadataRows({ rows }: { readonly rows: readonly MetadataRow[] }) {
  return (
    <table className={styles.rows}>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <th scope="row" className={styles.name}>
              {row.label}
            </th>
            <td title={row.value}>{textOf(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
