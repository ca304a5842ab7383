import { useMemo, useState } from 'react';
import { permits, useSession } from '../../api/index.ts';
import { Checkbox, type Column, Status, Table } from '../../ui/index.ts';
import type { Nodes } from '../model/live-view.ts';
import { formatMetric, type MetricKind, metricKinds, metricOf } from '../model/metrics.ts';
import { stateOf } from '../model/node-state.ts';
import type { NodeSummary } from '../model/schema.ts';
import { BulkActs } from './bulk-acts.tsx';
import type { ModeProps } from './graph-mode.tsx';
import styles from './table-mode.module.css';

const mostMetrics = 6;

const metricColumn = ({ id, label }: MetricKind): Column<NodeSummary> => ({
  ...{ id, label, width: 'minmax(84px, 1fr)', align: 'right' },
  value: (node) => metricOf(node, id)?.value,
  render: (node) => {
    const metric = metricOf(node, id);
    if (metric === undefined) return <span className="aside">–</span>;
    // What idles steps back, so that what works is seen.
    return (
      <span className={metric.value === 0 ? 'aside' : undefined}>
        {formatMetric(metric.value, metric.format)}
      </span>
    );
  },
});

const nameColumn: Column<NodeSummary> = {
  ...{ id: 'name', label: 'Name', width: 'minmax(150px, 2.4fr)' },
  value: ({ label }) => label,
  render: ({ label }) => <span className={styles.name}>{label}</span>,
};

const stateColumn: Column<NodeSummary> = {
  ...{ id: 'state', label: 'State', width: 'minmax(96px, 1fr)' },
  value: (node) => stateOf(node).text,
  render: (node) => {
    const { tone, text } = stateOf(node);
    return text === '' ? '' : <Status tone={tone}>{text}</Status>;
  },
};

const placeColumn: Column<NodeSummary> = {
  ...{ id: 'minor', label: 'On', width: 'minmax(100px, 1.2fr)' },
  value: ({ labelMinor }) => labelMinor,
  render: ({ labelMinor }) => labelMinor,
};

const connectionColumn: Column<NodeSummary> = {
  ...{ id: 'connected', label: 'Connected to', width: 'minmax(104px, .8fr)', align: 'right' },
  value: ({ adjacency }) => adjacency?.length ?? 0,
  render: ({ adjacency }) => adjacency?.length ?? 0,
};

function useSelection(nodes: Nodes) {
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  // What has gone is not acted upon.
  const selected = useMemo(() => [...marked].filter((id) => nodes.has(id)), [marked, nodes]);
  const toggle = (id: string) => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    setMarked(next);
  };
  return { selected, marked, toggle, setMarked };
}

export function TableMode({ state, change, nodes }: ModeProps) {
  const { data: who } = useSession();
  const { selected, marked, toggle, setMarked } = useSelection(nodes);
  const rows = useMemo(() => [...nodes.values()].filter(({ pseudo }) => pseudo !== true), [nodes]);
  const kinds = metricKinds(rows).slice(0, mostMetrics);
  const kindsKey = kinds.map(({ id }) => id).join(' ');
  const haveStates = useMemo(() => rows.some((node) => stateOf(node).text !== ''), [rows]);
  const havePlaces = useMemo(() => rows.some(({ labelMinor }) => labelMinor !== ''), [rows]);
  const mayAct = permits(who, 'operator') && state.at === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: columns change with the kinds of metrics, not with their values
  const columns = useMemo<readonly Column<NodeSummary>[]>(() => {
    const mark: Column<NodeSummary> = {
      ...{ id: 'mark', label: 'Mark', width: '56px' },
      render: (node) => (
        <Checkbox
          bare
          label={`Mark ${node.label}`}
          checked={marked.has(node.id)}
          onChange={() => toggle(node.id)}
          onClick={(event) => event.stopPropagation()}
        />
      ),
    };
    return [
      ...(mayAct ? [mark] : []),
      nameColumn,
      ...(haveStates ? [stateColumn] : []),
      ...(havePlaces ? [placeColumn] : []),
      ...kinds.map(metricColumn),
      connectionColumn,
    ];
  }, [kindsKey, marked, mayAct, haveStates, havePlaces]);
  return (
    <div className={styles.mode}>
      {mayAct && selected.length > 0 && (
        <BulkActs nodes={nodes} selected={selected} onDone={() => setMarked(new Set())} />
      )}
      {mayAct && selected.length === 0 && (
        <div className={styles.hint}>
          {rows.length} nodes. Mark some to act on all of them at once.
          <button type="button" onClick={() => setMarked(new Set(rows.map(({ id }) => id)))}>
            Mark all
          </button>
        </div>
      )}
      <div className={styles.table}>
        <Table
          label="Nodes"
          columns={columns}
          rows={rows}
          keyOf={({ id }) => id}
          sorting={{ column: 'name', descending: false }}
          selected={({ id }) => id === state.node}
          onOpen={({ id }) => change({ node: id })}
        />
      </div>
    </div>
  );
}
