import type { ReactNode } from 'react';
import { ApiError } from '../../api/index.ts';
import { EmptyState, ErrorState, IconButton, Loading, Status } from '../../ui/index.ts';
import { stateOf } from '../model/node-state.ts';
import type { ChangeState, PageState } from '../model/page-state.ts';
import { useDetail } from '../model/questions.ts';
import type { NodeDetail } from '../model/schema.ts';
import { ChildTables } from './child-tables.tsx';
import { ConnectionTables } from './connection-tables.tsx';
import { ControlBar } from './control-bar.tsx';
import styles from './details-panel.module.css';
import { MetadataRows } from './metadata-rows.tsx';
import { MetricList } from './metric-list.tsx';
import { NodeTables } from './node-tables.tsx';
import type { OpenNode } from './open-node.ts';

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Head({
  node,
  open,
  close,
}: {
  readonly node: NodeDetail;
  readonly open: OpenNode;
  readonly close: () => void;
}) {
  const { tone, text } = stateOf(node);
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <h2>{node.label}</h2>
        <IconButton icon="close" label="Close details" onClick={close} />
      </div>
      <p className={styles.minor}>
        {text !== '' && <Status tone={tone}>{text}</Status>}
        {node.parents?.map(({ id, label, topologyId }) => (
          <button key={`${topologyId} ${id}`} type="button" onClick={() => open(topologyId, id)}>
            {label}
          </button>
        ))}
      </p>
    </header>
  );
}

function Body({
  node,
  at,
  open,
}: {
  readonly node: NodeDetail;
  readonly at: string | undefined;
  readonly open: OpenNode;
}) {
  const { metrics = [], metadata = [], connections = [], children = [], tables = [] } = node;
  return (
    <div className={styles.body}>
      {metrics.length > 0 && (
        <Section title="Metrics">
          <MetricList nodeId={node.id} metrics={metrics} isLive={at === undefined} />
        </Section>
      )}
      {connections.some((table) => table.connections.length > 0) && (
        <Section title="Connections">
          <ConnectionTables tables={connections} open={open} />
        </Section>
      )}
      {children.map((group) => (
        <Section key={`${group.topologyId} ${group.label}`} title={group.label}>
          <ChildTables group={group} open={open} />
        </Section>
      ))}
      {metadata.length > 0 && (
        <Section title="About">
          <MetadataRows rows={metadata} />
        </Section>
      )}
      {tables
        .filter(({ rows }) => rows.length > 0)
        .map((table) => (
          <Section key={table.id} title={table.label}>
            <NodeTables table={table} />
          </Section>
        ))}
    </div>
  );
}

/** All that is known of a node, and what can be done with it. */
export function DetailsPanel({
  state,
  change,
  id,
}: {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly id: string;
}) {
  const detail = useDetail(state.view, id, state.at);
  const close = () => change({ node: undefined });
  const open: OpenNode = (view, node) =>
    change(
      view === state.view
        ? { node }
        : { view, node, group: undefined, open: new Set(), options: {}, query: '' },
    );
  const isGone = detail.error instanceof ApiError && detail.error.status === 404;
  return (
    <aside
      className={styles.panel}
      aria-label="Details"
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      {isGone ? (
        <>
          <div className={styles.gone}>
            <IconButton icon="close" label="Close details" onClick={close} />
          </div>
          <EmptyState
            icon="info"
            title={detail.data === undefined ? 'It is not here' : `${detail.data.label} has gone`}
          >
            {state.at === undefined
              ? 'Go back in time below to see it as it was.'
              : 'It was not there at this time.'}
          </EmptyState>
        </>
      ) : detail.data !== undefined ? (
        <>
          <Head node={detail.data} open={open} close={close} />
          {state.at === undefined && <ControlBar node={detail.data} />}
          <Body node={detail.data} at={state.at} open={open} />
        </>
      ) : detail.error !== null ? (
        <ErrorState error={detail.error} onRetry={() => void detail.refetch()} />
      ) : (
        <Loading />
      )}
    </aside>
  );
}
