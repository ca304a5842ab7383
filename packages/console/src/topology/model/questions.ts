/** What is asked of the monitor about views and nodes. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { request } from '../../api/index.ts';
import { detail, type ViewInfo, views, wholeView } from './schema.ts';

const viewsEveryMs = 5_000;
const detailEveryMs = 2_000;

export interface ListedView extends ViewInfo {
  readonly id: string;
  readonly under: readonly ListedView[];
}

const idOf = (url: string) => url.slice(url.lastIndexOf('/') + 1);
const isEmpty = ({ stats }: ViewInfo) => stats.node_count === 0;
const isWorthIt = (view: ViewInfo) => !view.hide_if_empty || !isEmpty(view);

export const useViews = (at: string | undefined) =>
  useQuery({
    queryKey: ['views', at],
    queryFn: ({ signal }) => request('/api/topology', { query: { timestamp: at }, schema: views, signal }),
    refetchInterval: at === undefined ? viewsEveryMs : false,
    placeholderData: keepPreviousData,
    select: (all): readonly ListedView[] =>
      all
        .toSorted((a, b) => b.rank - a.rank || (a.name < b.name ? -1 : 1))
        .map(({ sub_topologies: inner = [], ...view }) => ({
          ...view,
          id: idOf(view.url),
          under: inner.map((each) => ({ ...each, id: idOf(each.url), under: [] })),
        })),
  });

/** Views that have something to show, and the one that is open in any case. */
export const shownViews = (all: readonly ListedView[], current: string): readonly ListedView[] =>
  all
    .map((view) => ({ ...view, under: view.under.filter((each) => !isEmpty(each) || each.id === current) }))
    .filter((view) => isWorthIt(view) || view.id === current || view.under.some(({ id }) => id === current));

export const findView = (all: readonly ListedView[] | undefined, id: string): ListedView | undefined =>
  all?.flatMap((view) => [view, ...view.under]).find((view) => view.id === id);

export const useDetail = (view: string, id: string, at: string | undefined) =>
  useQuery({
    queryKey: ['node', view, id, at],
    // Without parameters nothing is hidden, so what a link leads to is found whatever the options.
    queryFn: async ({ signal }) => {
      const path = `/api/topology/${encodeURIComponent(view)}/${encodeURIComponent(id)}`;
      return (await request(path, { query: { timestamp: at, flows: 1 }, schema: detail, signal })).node;
    },
    refetchInterval: ({ state }) => (at === undefined && state.error === null ? detailEveryMs : false),
  });

/** A view as it was. `at` undefined: nothing is asked. */
export const usePastView = (
  view: string,
  parameters: Readonly<Record<string, string>>,
  at: string | undefined,
) =>
  useQuery({
    queryKey: ['past', view, parameters, at],
    enabled: at !== undefined,
    queryFn: async ({ signal }) => {
      const query = { t: '1s', flows: 1, ...parameters, timestamp: at };
      const { nodes } = await request(`/api/topology/${encodeURIComponent(view)}`, {
        query,
        schema: wholeView,
        signal,
      });
      return new Map(Object.entries(nodes));
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
