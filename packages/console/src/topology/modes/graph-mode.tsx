import { useMemo } from 'react';
import { Badge, Button, formatNumber, Status } from '../../ui/index.ts';
import { GraphCanvas } from '../graph/graph-canvas.tsx';
import { type Drawn, draw, groupPrefix } from '../model/drawn.ts';
import type { Nodes } from '../model/live-view.ts';
import { measureOf, metricKinds } from '../model/metrics.ts';
import type { ChangeState, PageState } from '../model/page-state.ts';
import styles from './graph-mode.module.css';

export interface ModeProps {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly nodes: Nodes;
  /** Of the view without search and options; undefined while that is not known. */
  readonly total: number | undefined;
}

const legend = [
  ['bad', 'failing'],
  ['warn', 'changing or paused'],
  ['ok', 'running'],
  ['idle', 'stopped'],
] as const;

const counted = (count: number, what: string) => `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`;

/** How many are shown, and how many there would be without search and options. */
function Numbers({ drawn, total }: { readonly drawn: Drawn; readonly total: number | undefined }) {
  const shown = [...drawn.tones.values()].reduce((sum, count) => sum + count, 0);
  const isSome = total !== undefined && total > shown;
  return (
    <p className={styles.numbers} role="status">
      {isSome ? `${formatNumber(shown)} of ${counted(total, 'node')}` : counted(shown, 'node')},{' '}
      {counted(drawn.edges.length, 'connection')}
      {isSome && `; ${formatNumber(total - shown)} hidden by the options or the search`}
    </p>
  );
}

/** Colours that are there, worst first, with how many have them; none where nodes say nothing of their state. */
function Legend({ drawn, metric }: { readonly drawn: Drawn; readonly metric: string | undefined }) {
  const known = legend.filter(([tone]) => (drawn.tones.get(tone) ?? 0) > 0);
  if (known.length === 0 && metric === undefined) return null;
  return (
    <ul className={styles.legend} aria-label="Colours">
      {known.map(([tone, text]) => (
        <li key={tone}>
          <Status tone={tone}>
            {formatNumber(drawn.tones.get(tone) ?? 0)} {text}
          </Status>
        </li>
      ))}
      {metric !== undefined && (
        <li>
          <Badge>Size and filling: {metric}</Badge>
        </li>
      )}
    </ul>
  );
}

export function GraphMode({ state, change, nodes, total }: ModeProps) {
  const { group, open, metric } = state;
  const drawn = useMemo(() => {
    const measure = metric === undefined ? undefined : measureOf(nodes.values(), metric);
    return draw(nodes, { group, open, metric, measure });
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
        <Numbers drawn={drawn} total={total} />
        {[...open].map((name) => (
          <Button key={name} kind="quiet" icon="close" onClick={() => toggle(name)}>
            <span className="visually-hidden">Close group</span> {name}
          </Button>
        ))}
      </div>
      <Legend drawn={drawn} metric={metricLabel} />
    </>
  );
}
