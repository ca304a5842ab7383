import { SimulatedClock } from '@orchestrator/testing';
import { expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { createSavedViews } from './saved-views.ts';

const address = (query: string) => `/topology/containers?q=${query}`;

function start() {
  const clock = new SimulatedClock();
  const views = createSavedViews(openDatabase(':memory:'), clock);
  const save = (owner: string, name: string, query = name) => {
    clock.advance(1);
    views.save(owner, { name, address: address(query) });
  };
  const names = (owner: string) => views.of(owner).map(({ name }) => name);
  return { views, save, names };
}

it('keeps the newest first, one of each name, and each for its owner only', () => {
  const { views, save, names } = start();
  save('ann', 'front');
  save('ann', 'slow');
  save('bob', 'front');
  expect(names('ann')).toEqual(['slow', 'front']);
  save('ann', 'front', 'other');
  expect(views.of('ann')).toEqual([
    { name: 'front', address: address('other') },
    { name: 'slow', address: address('slow') },
  ]);
  views.forget('ann', 'front');
  expect(names('ann')).toEqual(['slow']);
  expect(() => views.forget('ann', 'front')).toThrow(/there is no saved view "front"/);
  views.forgetAll('ann');
  expect([names('ann'), names('bob')]).toEqual([[], ['front']]);
});

it('keeps no more than can be found: the oldest goes', () => {
  const { save, names } = start();
  for (let index = 0; index < 60; index++) save('ann', `view ${index}`);
  expect(names('ann')).toHaveLength(50);
  expect(names('ann').at(-1)).toBe('view 10');
});
