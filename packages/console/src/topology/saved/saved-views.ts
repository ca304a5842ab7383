/** Views that a person comes back to, by name. They are addresses, so what is kept is small and shows what it showed. */
import { useSyncExternalStore } from 'react';
import { z } from 'zod';

const savedView = z.object({
  name: z.string(),
  /** Path and query of the page. */
  address: z.string().startsWith('/topology'),
});

export type SavedView = z.output<typeof savedView>;

const storageKey = 'orchestrator.views';
/** More are no longer found; the oldest goes. */
const maxViews = 50;
const listeners = new Set<() => void>();

/** Pure: with the new one first; one of the same name is replaced. */
export const withView = (views: readonly SavedView[], added: SavedView): readonly SavedView[] =>
  [added, ...views.filter(({ name }) => name !== added.name)].slice(0, maxViews);

/** Pure: what is kept in `text`; nothing where that is not of this console. */
export function readViews(text: string | null): readonly SavedView[] {
  try {
    const parsed = z.array(savedView).safeParse(JSON.parse(text ?? '[]'));
    return parsed.success ? parsed.data : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

let views: readonly SavedView[] | undefined;

function current(): readonly SavedView[] {
  views ??= readViews(localStorage.getItem(storageKey));
  return views;
}

function keep(next: readonly SavedView[]): void {
  views = next;
  localStorage.setItem(storageKey, JSON.stringify(next));
  for (const listener of listeners) listener();
}

export const saveView = (added: SavedView): void => keep(withView(current(), added));
export const forgetView = (name: string): void => keep(current().filter((view) => view.name !== name));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useSavedViews = (): readonly SavedView[] => useSyncExternalStore(subscribe, current);
