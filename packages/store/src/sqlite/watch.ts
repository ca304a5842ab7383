import { compactedError } from '../errors.ts';
import type { StoreEvent, WatchOptions } from '../store.ts';
import type { Access } from './access.ts';
import type { ChangeSignal } from './changes.ts';
import type { Tables } from './tables.ts';

/** Changes that a watch reads at once. */
const watchBatch = 128;

interface WatchParts {
  access: Access;
  tables: Tables;
  closed: AbortSignal;
  changes: ChangeSignal;
}

/** The history is the buffer: a slow reader costs nothing until its place is no longer kept. */
export async function* watchHistory(
  { access, tables, closed, changes }: WatchParts,
  prefix: string,
  fromRevision: number,
  { signal }: WatchOptions = {},
): AsyncGenerator<StoreEvent> {
  const stop = signal === undefined ? closed : AbortSignal.any([closed, signal]);
  const ended = () => signal?.aborted === true;
  const from = Math.max(1, fromRevision);
  let sequence: number | undefined;
  while (!ended()) {
    const page = await access.read(() => {
      const lost =
        sequence === undefined ? from <= tables.compactedRevision() : sequence < tables.compactedSequence();
      if (lost) throw compactedError(prefix, fromRevision, tables.compactedRevision() + 1);
      return tables.history(prefix, sequence ?? 0, from, watchBatch);
    });
    sequence = page.sequence;
    for (const event of page.events) {
      if (ended()) return;
      yield event;
    }
    if (page.events.length > 0) continue;
    try {
      await changes.next(stop);
    } catch (error) {
      if (ended()) return;
      throw error;
    }
  }
}
