import { formatRate } from '../../ui/index.ts';
import type { ConnectionTable } from '../model/schema.ts';
import styles from './details-panel.module.css';
import type { OpenNode } from './open-node.ts';

/** The internet and the like are not nodes that one can open. */
const canOpen = (id: string) => !/^(in|out)-theinternet$|^pseudo:/.test(id);

/** Where nothing is on its way, or not counted. */
const rateText = (bytesPerS: number) => (bytesPerS < 1 ? '–' : formatRate(bytesPerS));

export function ConnectionTables({
  tables,
  open,
}: {
  readonly tables: readonly ConnectionTable[];
  readonly open: OpenNode;
}) {
  return tables
    .filter(({ connections }) => connections.length > 0)
    .map(({ id, topologyId, label, columns, connections }) => (
      <table key={id} className={styles.rows}>
        <thead>
          <tr>
            <th scope="col">{label}</th>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={styles.number}>
                {column.label}
              </th>
            ))}
            <th scope="col" className={styles.rate}>
              In
            </th>
            <th scope="col" className={styles.rate}>
              Out
            </th>
          </tr>
        </thead>
        <tbody>
          {connections.map((connection) => (
            <tr key={connection.id}>
              <td>
                {canOpen(connection.nodeId) ? (
                  <button
                    type="button"
                    className={styles.link}
                    onClick={() => open(topologyId, connection.nodeId)}
                  >
                    {connection.label}
                  </button>
                ) : (
                  `${connection.label} ${connection.labelMinor ?? ''}`
                )}
              </td>
              {columns.map((column) => (
                <td key={column.id} className={styles.number}>
                  {connection.metadata.find((row) => row.id === column.id)?.value ?? ''}
                </td>
              ))}
              <td className={styles.rate}>{rateText(connection.receivedBytesPerS)}</td>
              <td className={styles.rate}>{rateText(connection.sentBytesPerS)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    ));
}
