import { useMemo } from 'react';
import { Badge, Button, formatNumber, Status } from '../../ui/index.ts';
import { GraphCanvas } from '../graph/graph-canvas.tsx';
import { draw, groupPrefix } from '../model/drawn.ts';
import type { Nodes } from '../model/live-view.ts';
import { fullMeasure, metricKinds } from '../model/metrics.ts';
import type { ChangeState, PageState } from '../model/page-state.ts';
import styles from './graph-mode.module.css';

export interface ModeProps {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly nodes: Nodes;
}

const legend = [
  ['ok', 'running'],
  ['warn', 'changing, paused'],
  ['bad', 'failing'],
  ['idle', 'stopped, outside'],
  ['info', 'no state'],
] as const;

const counted = (count: number, what: string) => `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`;

export function GraphMode({ state, change, nodes }: ModeProps) {
  const { group, open, metric } = state;
  const drawn = useMemo(() => {
    const full = metric === undefined ? 0 : fullMeasure(nodes.values(), metric);
    return draw(nodes, { group, open, metric, fullMeasure: full });
  }, [nodes, group, open, metric]);
  const toggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    change({ open: next });
  };
  const metricLabel = metricKinds(nodes.values()).find(({ id }) => id === metric)?.label ?? metric;
  const isClosedGroup = (id: string | undefined) => id?.startsWith(groupPrefix) === true;
  return (
    <>
      <GraphCanvas
        drawn={drawn}
        isSized={metric !== undefined}
        chosen={state.node}
        onChoose={(id) => {
          if (!isClosedGroup(id)) change({ node: id });
        }}
        onToggleGroup={toggle}
      />
      <div className={styles.corner}>
        <p className={styles.numbers} role="status">
          {counted(drawn.nodes.length, 'node')}, {counted(drawn.edges.length, 'connection')}
        </p>
        {[...open].map((name) => (
          <Button key={name} kind="quiet" icon="close" onClick={() => toggle(name)}>
            <span className="visually-hidden">Close group</span> {name}
          </Button>
        ))}
      </div>
      <ul className={styles.legend} aria-label="Colours">
        {legend.map(([tone, text]) => (
          <li key={tone}>
            <Status tone={tone}>{text}</Status>
          </li>
        ))}
        {metric !== undefined && (
          <li>
            <Badge>size and level: {metricLabel}</Badge>
          </li>
        )}
      </ul>
    </>
  );
}
