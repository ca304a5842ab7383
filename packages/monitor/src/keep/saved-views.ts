/** Views that people come back to, each person's own. They are addresses of the console, so what is kept is small. */
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '@orchestrator/runtime/clock';
import { MonitorError } from '../errors.ts';

export interface SavedView {
  readonly name: string;
  /** Path and query of the page. */
  readonly address: string;
}

export interface SavedViews {
  /** The newest first. */
  of(owner: string): readonly SavedView[];
  /** One of the same name is replaced; of more than 50, the oldest goes. @throws MonitorError `limit` */
  save(owner: string, view: SavedView): void;
  /** @throws MonitorError `not-found` */
  forget(owner: string, name: string): void;
  forgetAll(owner: string): void;
}

/** More are no longer found. */
const maxOfOne = 50;
const maxOfAll = 50_000;

export function createSavedViews(database: DatabaseSync, clock: Clock): SavedViews {
  const all = database.prepare(
    'SELECT name, address FROM saved_views WHERE owner = ? ORDER BY saved_ms DESC, name',
  );
  const count = database.prepare('SELECT count(*) AS count FROM saved_views');
  const put = database.prepare(
    `INSERT INTO saved_views (owner, name, address, saved_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (owner, name) DO UPDATE SET address = excluded.address, saved_ms = excluded.saved_ms`,
  );
  const drop = database.prepare('DELETE FROM saved_views WHERE owner = ? AND name = ?');
  const dropAll = database.prepare('DELETE FROM saved_views WHERE owner = ?');
  const of = (owner: string): SavedView[] =>
    all.all(owner).map(({ name, address }) => ({ name: String(name), address: String(address) }));
  return {
    of,
    save(owner, { name, address }) {
      if (Number(count.get()?.count) >= maxOfAll) {
        throw new MonitorError('limit', `there are ${maxOfAll} saved views`, {
          remedy: 'forget some first, or share this one by its link',
        });
      }
      put.run(owner, name, address, clock.nowMs());
      for (const old of of(owner).slice(maxOfOne)) drop.run(owner, old.name);
    },
    forget(owner, name) {
      if (drop.run(owner, name).changes === 0)
        throw new MonitorError('not-found', `there is no saved view "${name}"`);
    },
    forgetAll(owner) {
      dropAll.run(owner);
    },
  };
}
