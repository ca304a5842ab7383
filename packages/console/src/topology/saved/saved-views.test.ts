import { expect, it } from 'vitest';
import { readViews, type SavedView, withView } from './saved-views.ts';

const view = (name: string, query = ''): SavedView => ({ name, address: `/topology/containers?q=${query}` });

it('keeps the newest first, one of each name, and no more than can be found', () => {
  const two = withView(withView([], view('front')), view('slow', 'cpu>80%'));
  expect(two.map(({ name }) => name)).toEqual(['slow', 'front']);
  expect(withView(two, view('front', 'label.tier=front'))).toEqual([
    view('front', 'label.tier=front'),
    view('slow', 'cpu>80%'),
  ]);
  const many = Array.from({ length: 60 }, (_, index) => view(String(index)));
  expect(many.reduce(withView, [])).toHaveLength(50);
});

it('reads what it wrote, and takes nothing else for it', () => {
  expect(readViews(JSON.stringify([view('front')]))).toEqual([view('front')]);
  for (const strange of [null, '', '{', '{}', '[{"name":"x","address":"https://elsewhere.example"}]'])
    expect(readViews(strange)).toEqual([]);
});
