import { useState } from 'react';
import { Status } from '../../ui/index.ts';
import { formatMetric } from '../model/metrics.ts';
import { stateOf } from '../model/node-state.ts';
import type { NodeDetail } from '../model/schema.ts';
import styles from './details-panel.module.css';
import type { OpenNode } from './open-node.ts';

type ChildGroup = NonNullable<NodeDetail['children']>[number];
const shownAtFirst = 12;

export function ChildTables({ group, open }: { readonly group: ChildGroup; readonly open: OpenNode }) {
  const [isWhole, setWhole] = useState(false);
  const { nodes, topologyId } = group;
  const shown = isWhole ? nodes : nodes.slice(0, shownAtFirst);
  return (
    <>
      <table className={styles.rows}>
        <tbody>
          {shown.map((node) => {
            const { tone, text } = stateOf(node);
            const metric = node.metrics?.[0];
            return (
              <tr key={node.id}>
                <td>
                  <button type="button" className={styles.link} onClick={() => open(topologyId, node.id)}>
                    {node.label}
                  </button>
                </td>
                <td>{text !== '' && <Status tone={tone}>{text}</Status>}</td>
                <td className={styles.number}>
                  {metric !== undefined && formatMetric(metric.value, metric.format)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {nodes.length > shown.length && (
        <button type="button" className={styles.link} onClick={() => setWhole(true)}>
          Show all {nodes.length}
        </button>
      )}
    </>
  );
}
