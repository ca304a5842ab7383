import { lazy, Suspense, useMemo, useRef } from 'react';
import { useProbes } from '../api/index.ts';
import { EmptyState, ErrorState, Loading, sentence } from '../ui/index.ts';
import { DetailsPanel } from './details/details-panel.tsx';
import { FirstRun } from './first-run.tsx';
import { type Nodes, useLiveView } from './model/live-view.ts';
import { type ChangeState, type PageState, usePageState } from './model/page-state.ts';
import { findView, usePastView, useViews } from './model/questions.ts';
import { GraphMode } from './modes/graph-mode.tsx';
import { ResourcesMode } from './modes/resources-mode.tsx';
import { TableMode } from './modes/table-mode.tsx';
import { TimeBar } from './past/time-bar.tsx';
import { useSessions } from './session/sessions.ts';
import { Toolbar } from './toolbar.tsx';
import styles from './topology-page.module.css';

// The terminal is large, and most who look never open one.
const SessionDock = lazy(() =>
  import('./session/session-dock.tsx').then(({ SessionDock: dock }) => ({ default: dock })),
);

const noNodes: Nodes = new Map();

interface Shown {
  readonly nodes: Nodes | undefined;
  readonly error: unknown;
  readonly isLost: boolean;
}

/** The present or the past, whichever the address names. While a new search is on its way, what was found before stays. */
function useNodes({ view, query, options, at }: PageState): Shown {
  const parameters = useMemo(() => ({ ...options, ...(query === '' ? {} : { query }) }), [options, query]);
  const live = useLiveView(view, at === undefined ? parameters : undefined);
  const past = usePastView(view, parameters, at);
  const last = useRef<{ readonly view: string; readonly nodes: Nodes }>(undefined);
  const nodes = at === undefined ? live.nodes : past.data;
  if (nodes !== undefined) last.current = { view, nodes };
  const kept = last.current?.view === view ? last.current.nodes : undefined;
  return {
    nodes: nodes ?? kept,
    error: at === undefined ? live.error : (past.error ?? undefined),
    isLost: at === undefined && live.state === 'lost' && live.error === undefined,
  };
}

function Content({
  state,
  change,
  shown,
  total,
}: {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly shown: Shown;
  readonly total: number | undefined;
}) {
  const { nodes, error } = shown;
  const probes = useProbes();
  // The painter is made while the first answer is on its way.
  const isAwaited = nodes === undefined && error === undefined;
  if (state.mode === 'graph' && (isAwaited || (nodes?.size ?? 0) > 0)) {
    return (
      <>
        <GraphMode {...{ state, change }} nodes={nodes ?? noNodes} total={isAwaited ? undefined : total} />
        {isAwaited && (
          <div className={styles.waiting}>
            <Loading label="Asking the monitor" />
          </div>
        )}
      </>
    );
  }
  if (nodes === undefined)
    return error === undefined ? <Loading label="Asking the monitor" /> : <ErrorState error={error} />;
  if (nodes.size === 0) {
    if (probes.data?.length === 0 && state.at === undefined) return <FirstRun />;
    return (
      <EmptyState
        icon="search"
        title={state.query === '' ? 'Nothing is here now' : 'Nothing fits the search'}
      >
        {state.query === ''
          ? 'Options above may hide what you look for, such as stopped containers; or choose another view.'
          : 'Change the search, or clear it to see everything.'}
      </EmptyState>
    );
  }
  const props = { state, change, nodes, total };
  return state.mode === 'table' ? <TableMode {...props} /> : <ResourcesMode {...props} />;
}

export function TopologyPage() {
  const [state, change] = usePageState();
  const shown = useNodes(state);
  const views = useViews(state.at);
  const total = findView(views.data, state.view)?.stats.nonpseudo_node_count;
  const hasSessions = useSessions().length > 0;
  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">Topology</h1>
      <Toolbar {...{ state, change, views: views.data ?? [], nodes: shown.nodes, error: shown.error }} />
      <div className={styles.middle}>
        <div className={styles.content}>
          {shown.isLost && (
            <p className={styles.lost} role="status">
              {sentence(
                'the connection to the monitor is lost; what you see is from before, and it goes on when it is back',
              )}
            </p>
          )}
          <Content {...{ state, change, shown, total }} />
        </div>
        {state.node !== undefined && <DetailsPanel key={state.node} {...{ state, change }} id={state.node} />}
      </div>
      {hasSessions && (
        <Suspense fallback={null}>
          <SessionDock />
        </Suspense>
      )}
      <TimeBar at={state.at} change={change} isLost={shown.isLost} />
    </div>
  );
}
