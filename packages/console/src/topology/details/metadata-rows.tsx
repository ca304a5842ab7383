import { Ago } from '../../ui/index.ts';
import type { MetadataRow } from '../model/schema.ts';
import styles from './details-panel.module.css';
import { WebLink } from './web-link.tsx';

function Value({ row: { value, dataType, truncate } }: { readonly row: MetadataRow }) {
  const timeMs = dataType === 'datetime' ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(timeMs)) return <Ago atMs={timeMs} />;
  if (dataType === 'link') return <WebLink address={value} />;
  const text = truncate === undefined ? value : value.slice(0, truncate);
  return <span title={value}>{text}</span>;
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
            <td>
              <Value row={row} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
