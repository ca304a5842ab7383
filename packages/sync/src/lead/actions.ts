/** What each action of the core means outside it. */
import { type Clock, type Logger, type Random, sleep } from '@orchestrator/runtime';
import type { Store } from '@orchestrator/store';
import { type ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import { type Applier, createApplier } from '../apply/applier.ts';
import { applyEphemerals } from '../apply/ephemerals.ts';
import type { MirrorSessions } from '../apply/mirror-sessions.ts';
import { readValues } from '../apply/reads.ts';
import type { Action, CoreState, Event, Side } from '../core/types.ts';
import type { Follower } from '../follower.ts';
import { noteCarriedOut, recordConflict, resolveHeld } from '../store/conflicts.ts';
import { eraseBlocked, recordBlocked, recordLedger } from '../store/ledger.ts';
import { storeWriter } from '../store/sessions.ts';
import type { OwnZnodes } from '../znodes.ts';
import type { SyncedListener } from './counters.ts';
import type { RunEnd } from './run-end.ts';

export interface RunSide {
  readonly follower: Follower;
  /** For the core's multis only. */
  readonly writer: ZooKeeperClient;
  readonly reader: ZooKeeperClient;
  readonly mirrorSessions: MirrorSessions;
}

export interface ActionContext {
  readonly migrationId: string;
  readonly znodes: OwnZnodes;
  readonly sides: Readonly<Record<Side, RunSide>>;
  readonly store: Store;
  readonly onSynced: SyncedListener;
  readonly onState: (state: CoreState) => void;
  readonly onConflict: (path: string, held: boolean) => void;
  readonly onResolved: (path: string, conflicts: number) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface RunHandle {
  /** Aborts when the run ends. */
  readonly signal: AbortSignal;
  post(event: Event): void;
  end(end: RunEnd): void;
}

type ActionOf<Kind extends Action['kind']> = Extract<Action, { kind: Kind }>;

/** Those that answer later do so by an event; a rejection ends the run. */
export type Performers = {
  readonly [Kind in Action['kind']]: (action: ActionOf<Kind>) => void | Promise<void>;
};

const readRetryMs = 200;

export function createPerformers(context: ActionContext, run: RunHandle): Performers {
  const { migrationId, sides, store, clock, logger } = context;
  const appliers = {
    source: applierOf('source', context, run),
    target: applierOf('target', context, run),
  };
  // One after the other, so that what is erased is not written again by an earlier record.
  let records: Promise<void> = Promise.resolve();
  const inOrder = (record: () => Promise<void>) => {
    records = records.then(record);
    return records;
  };

  return {
    apply: (action) => appliers[action.side].apply(action),
    // Changes of ACLs cause no watch events, so a capture without history is told where to look.
    applyAcl: async (action) => {
      await appliers[action.side].applyAcl(action);
      sides[action.side].follower.capture.refresh([action.path]);
    },
    readCursor: ({ side }) => appliers[side].readCursor(),
    applyEphemerals: (action) =>
      applyEphemerals(action, {
        znodes: context.znodes,
        sessions: sides[action.side].mirrorSessions,
        signal: run.signal,
        post: run.post,
        clock,
      }),
    closeMirrorSession: ({ side, originSession }) => sides[side].mirrorSessions.release(originSession),
    recordConflict: ({ conflict }) =>
      inOrder(async () => {
        const isNew = await recordConflict(store, migrationId, conflict, clock.nowMs());
        if (isNew) context.onConflict(conflict.path, conflict.decision === 'held');
        run.post({ kind: 'conflictRecorded', id: conflict.id });
      }),
    carriedOut: ({ ids }) => inOrder(() => noteCarriedOut(store, migrationId, ids, clock.nowMs())),
    released: ({ path }) =>
      inOrder(async () => {
        const resolved = await resolveHeld(store, migrationId, path, clock.nowMs());
        context.onResolved(path, resolved);
      }),
    recordBlocked: ({ blocked }) =>
      inOrder(async () => {
        const { side, path } = blocked;
        logger.warn('a change cannot be carried', { ...blocked });
        await recordBlocked(store, migrationId, blocked, clock.nowMs());
        run.post({ kind: 'blockedRecorded', side, path });
      }),
    unblocked: ({ side, path }) => inOrder(() => eraseBlocked(store, migrationId, side, path)),
    ledger: ({ path, what, why }) =>
      inOrder(async () => {
        logger.warn('something cannot be carried as it is', { path, what, why });
        await recordLedger(store, migrationId, { path, what, why, recordedMs: clock.nowMs() });
      }),
    read: (action) => read(action, context, run),
    refresh: ({ side, paths }) => sides[side].follower.capture.refresh(paths),
    synced: ({ from, changes, lagMs }) => context.onSynced(from, changes, lagMs),
    pressure: ({ side, on }) => {
      if (on) sides[side].follower.hold('pressure');
      else sides[side].follower.release('pressure');
    },
    proceed: () => {
      setImmediate(() => run.post({ kind: 'proceed' }));
    },
    state: ({ state }) => context.onState(state),
    deposed: ({ term }) => run.end({ kind: 'deposed', term }),
    finished: () => run.end({ kind: 'finished' }),
  };
}

function applierOf(side: Side, context: ActionContext, run: RunHandle): Applier {
  const { znodes, store, migrationId, clock, random } = context;
  return createApplier({
    side,
    client: context.sides[side].writer,
    znodes,
    clock,
    random,
    signal: run.signal,
    post: run.post,
    rememberSession: (id) => storeWriter(store, migrationId, side, id),
    onFailure: (error) => run.end({ kind: 'failed', error }),
  });
}

/** Tries until the side can be reached. */
async function read(
  { side, request, paths }: ActionOf<'read'>,
  context: ActionContext,
  run: RunHandle,
): Promise<void> {
  while (!run.signal.aborted) {
    try {
      const { values, failed } = await readValues(context.sides[side].reader, paths);
      run.post({ kind: 'values', request, values, failed });
      return;
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      await sleep(context.clock, readRetryMs, run.signal);
    }
  }
}
