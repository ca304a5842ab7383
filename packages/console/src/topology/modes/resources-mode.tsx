/** Who uses what: a bar for each host, cut by what is on it. */
import { useMemo } from 'react';
import { classNames, EmptyState, Select } from '../../ui/index.ts';
import type { Nodes } from '../model/live-view.ts';
import { formatMetric, type MetricKind, metricKinds, metricOf } from '../model/metrics.ts';
import { stateOf } from '../model/node-state.ts';
import type { ModeProps } from './graph-mode.tsx';
import styles from './resources-mode.module.css';

interface Share {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly tone: string;
}

interface Place {
  readonly name: string;
  readonly total: number;
  readonly shares: readonly Share[];
  /** What is too small to be shown on its own. */
  readonly rest: { readonly count: number; readonly value: number };
}

const mostShares = 60;

/** By host, the largest first. */
export function placesOf(nodes: Nodes, metric: string): readonly Place[] {
  const byHost = new Map<string, Share[]>();
  for (const node of nodes.values()) {
    const value = metricOf(node, metric)?.value;
    if (value === undefined || node.pseudo === true) continue;
    const host = node.parents?.find(({ topologyId }) => topologyId === 'hosts')?.label ?? node.label;
    const shares = byHost.get(host) ?? [];
    byHost.set(host, shares);
    shares.push({ id: node.id, label: node.label, value, tone: stateOf(node).tone });
  }
  return Array.from(byHost, ([name, all]) => {
    const shares = all.sort((a, b) => b.value - a.value || (a.id < b.id ? -1 : 1));
    const small = shares.slice(mostShares);
    return {
      name,
      total: shares.reduce((sum, { value }) => sum + value, 0),
      shares: shares.slice(0, mostShares),
      rest: { count: small.length, value: small.reduce((sum, { value }) => sum + value, 0) },
    };
  }).sort((a, b) => b.total - a.total);
}

function PlaceBar(props: {
  readonly place: Place;
  readonly largest: number;
  readonly kind: MetricKind;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}) {
  const { place, largest, kind, chosen, onChoose } = props;
  const share = (value: number) => (largest <= 0 ? 0 : (100 * value) / largest);
  return (
    <li className={styles.place}>
      <h2>
        {place.name}
        <small className={styles.total}>
          {formatMetric(place.total, kind.format)} by {place.shares.length + place.rest.count}
        </small>
      </h2>
      <div className={styles.bar}>
        {place.shares.map(({ id, label, value, tone }) => (
          <button
            key={id}
            type="button"
            className={classNames(styles.share, styles[tone], id === chosen && styles.chosen)}
            style={{ width: `${share(value)}%` }}
            title={`${label}: ${formatMetric(value, kind.format)}`}
            aria-label={`${label}: ${formatMetric(value, kind.format)}`}
            onClick={() => onChoose(id)}
          >
            <span>{label}</span>
            <small>{formatMetric(value, kind.format)}</small>
          </button>
        ))}
        {place.rest.count > 0 && <span className={styles.rest}>and {place.rest.count} more</span>}
      </div>
    </li>
  );
}

export function ResourcesMode({ state, change, nodes }: ModeProps) {
  const kinds = useMemo(() => metricKinds(nodes.values()), [nodes]);
  const kind = kinds.find(({ id }) => id === state.metric) ?? kinds[0];
  const places = useMemo(() => (kind === undefined ? [] : placesOf(nodes, kind.id)), [nodes, kind]);
  if (kind === undefined) {
    return (
      <EmptyState icon="bars" title="These nodes measure nothing">
        Choose containers, processes or hosts, or wait a few seconds for their first figures.
      </EmptyState>
    );
  }
  const largest = Math.max(...places.map(({ total }) => total));
  return (
    <div className={styles.mode}>
      <div className={styles.head}>
        <Select
          inline
          label="Resource"
          value={kind.id}
          choices={kinds.map(({ id, label }) => ({ value: id, label }))}
          onChange={(metric) => change({ metric })}
        />
        <span className="aside">A bar of the full width is {formatMetric(largest, kind.format)}.</span>
      </div>
      <ul className={styles.places}>
        {places.map((place) => (
          <PlaceBar
            key={place.name}
            {...{ place, largest, kind }}
            chosen={state.node}
            onChoose={(node) => change({ node })}
          />
        ))}
      </ul>
    </div>
  );
}
