/** The address is the state of the page: a link shows what its sender saw. */
import { useCallback, useMemo } from 'react';
import { useLocation, useParams, useSearchParams } from 'wouter';

export type Mode = 'graph' | 'table' | 'resources';

export interface PageState {
  readonly view: string;
  readonly query: string;
  /** Id of the node whose details are shown. */
  readonly node: string | undefined;
  readonly mode: Mode;
  /** Id of the metric that sizes nodes. */
  readonly metric: string | undefined;
  /** Id of the kind of groups. */
  readonly group: string | undefined;
  /** Names of groups that are open. */
  readonly open: ReadonlySet<string>;
  /** Looking back: an ISO time. */
  readonly at: string | undefined;
  /** Options of the view by the id of their group, where they are not the default. */
  readonly options: Readonly<Record<string, string>>;
}

const optionPrefix = 'o.';
const modes: readonly Mode[] = ['graph', 'table', 'resources'];
export const firstView = 'containers';

export function readState(view: string | undefined, search: URLSearchParams): PageState {
  const mode = modes.find((each) => each === search.get('mode')) ?? 'graph';
  const options = [...search].filter(([name]) => name.startsWith(optionPrefix));
  return {
    view: view ?? firstView,
    query: search.get('q') ?? '',
    node: search.get('node') ?? undefined,
    mode,
    metric: search.get('metric') ?? undefined,
    group: search.get('group') ?? undefined,
    open: new Set(search.getAll('open')),
    at: search.get('at') ?? undefined,
    options: Object.fromEntries(options.map(([name, value]) => [name.slice(optionPrefix.length), value])),
  };
}

export function writeState({
  query,
  node,
  mode,
  metric,
  group,
  open,
  at,
  options,
}: PageState): URLSearchParams {
  const search = new URLSearchParams();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== '') search.set(name, value);
  };
  set('q', query);
  set('mode', mode === 'graph' ? undefined : mode);
  set('metric', metric);
  set('group', group);
  if (group !== undefined) for (const name of open) search.append('open', name);
  for (const [id, value] of Object.entries(options)) set(`${optionPrefix}${id}`, value);
  set('at', at);
  set('node', node);
  return search;
}

export type ChangeState = (change: Partial<PageState>, options?: { readonly replace?: boolean }) => void;

export function usePageState(): readonly [PageState, ChangeState] {
  const { view } = useParams<{ view?: string }>();
  const [search] = useSearchParams();
  const [, navigate] = useLocation();
  const state = useMemo(() => readState(view, search), [view, search]);
  const change = useCallback<ChangeState>(
    (changed, { replace = false } = {}) => {
      // Read anew: several changes may come before the page is drawn again.
      const path = /^\/topology\/([^/]+)/.exec(window.location.pathname)?.[1];
      const now = readState(
        path === undefined ? undefined : decodeURIComponent(path),
        new URLSearchParams(window.location.search),
      );
      const next = { ...now, ...changed };
      const text = writeState(next).toString();
      navigate(`/topology/${encodeURIComponent(next.view)}${text === '' ? '' : `?${text}`}`, { replace });
    },
    [navigate],
  );
  return [state, change];
}
