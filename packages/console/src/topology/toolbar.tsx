import { useMemo } from 'react';
import { classNames, IconButton, Segments, Select, useToasts } from '../ui/index.ts';
import { groupKinds } from './model/groups.ts';
import type { Nodes } from './model/live-view.ts';
import { metricKinds } from './model/metrics.ts';
import type { ChangeState, PageState } from './model/page-state.ts';
import { findView, type ListedView, shownViews } from './model/questions.ts';
import { SavedMenu } from './saved/saved-menu.tsx';
import { SearchBox } from './search/search-box.tsx';
import styles from './toolbar.module.css';

export interface ToolbarProps {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly views: readonly ListedView[];
  readonly nodes: Nodes | undefined;
  readonly error: unknown;
}

function ViewLink(props: {
  readonly view: ListedView;
  readonly isCurrent: boolean;
  readonly isInner?: boolean;
  readonly change: ChangeState;
}) {
  const { view, isCurrent, isInner = false, change } = props;
  return (
    <button
      type="button"
      className={classNames(styles.view, isInner && styles.inner, isCurrent && styles.current)}
      aria-current={isCurrent ? 'page' : undefined}
      onClick={() =>
        change({ view: view.id, node: undefined, group: undefined, open: new Set(), options: {} })
      }
    >
      {view.name} <span className={styles.count}>{view.stats.nonpseudo_node_count}</span>
    </button>
  );
}

function ViewList({
  views,
  current,
  change,
}: {
  readonly views: readonly ListedView[];
  readonly current: string;
  readonly change: ChangeState;
}) {
  return (
    <nav className={styles.views} aria-label="Views">
      {shownViews(views, current).map((view) => {
        const isOpen = view.id === current || view.under.some(({ id }) => id === current);
        return (
          <span key={view.id} className={styles.family}>
            <ViewLink view={view} isCurrent={view.id === current} change={change} />
            {isOpen &&
              view.under.map((inner) => (
                <ViewLink
                  key={inner.id}
                  view={inner}
                  isInner
                  isCurrent={inner.id === current}
                  change={change}
                />
              ))}
          </span>
        );
      })}
    </nav>
  );
}

function ViewOptions({
  state,
  change,
  view,
}: {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly view: ListedView | undefined;
}) {
  return (view?.options ?? []).map(({ id, defaultValue, options }) => (
    <Select
      key={id}
      bare
      label={id.charAt(0).toUpperCase() + id.slice(1)}
      value={state.options[id] ?? defaultValue}
      choices={options}
      onChange={(value) => {
        const { [id]: _before, ...rest } = state.options;
        change({ options: value === defaultValue ? rest : { ...rest, [id]: value } });
      }}
    />
  ));
}

const none = { value: '', label: 'none' };

function Shaping({
  state,
  change,
  nodes,
}: {
  readonly state: PageState;
  readonly change: ChangeState;
  readonly nodes: Nodes | undefined;
}) {
  const metrics = useMemo(() => metricKinds(nodes?.values() ?? []), [nodes]);
  const groups = useMemo(() => groupKinds(nodes?.values() ?? []), [nodes]);
  const choices = (kinds: readonly { id: string; label: string }[]) => [
    none,
    ...kinds.map(({ id, label }) => ({ value: id, label })),
  ];
  return (
    <>
      {state.mode === 'graph' && (
        <Select
          inline
          label="Size"
          value={state.metric ?? ''}
          choices={choices(metrics)}
          onChange={(metric) => change({ metric: metric === '' ? undefined : metric })}
        />
      )}
      {state.mode === 'graph' && (
        <Select
          inline
          label="Group"
          value={state.group ?? ''}
          choices={choices(groups)}
          onChange={(group) => change({ group: group === '' ? undefined : group, open: new Set() })}
        />
      )}
    </>
  );
}

const modes = [
  { value: 'graph', label: 'Graph' },
  { value: 'table', label: 'Table' },
  { value: 'resources', label: 'Resources' },
] as const;

function ShareButton() {
  const toasts = useToasts();
  const copy = () =>
    void toasts.run({ running: 'Copying…', done: 'The link is copied. It shows just this.' }, () =>
      navigator.clipboard.writeText(window.location.href),
    );
  return <IconButton icon="link" label="Copy link to what is shown" onClick={copy} />;
}

export function Toolbar({ state, change, views, nodes, error }: ToolbarProps) {
  return (
    <div className={styles.bar}>
      <div className={styles.row}>
        <ViewList views={views} current={state.view} change={change} />
        <SearchBox {...{ state, change, nodes, error }} />
      </div>
      <div className={styles.row}>
        <Segments label="Shown as" value={state.mode} choices={modes} onChange={(mode) => change({ mode })} />
        <div className={styles.options}>
          <Shaping {...{ state, change, nodes }} />
          <ViewOptions {...{ state, change }} view={findView(views, state.view)} />
        </div>
        <SavedMenu view={state.view} />
        <ShareButton />
      </div>
    </div>
  );
}
