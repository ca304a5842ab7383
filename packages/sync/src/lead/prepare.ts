/** Everything that a run as the leader begins with, read while both streams stand still. */
import { randomBytes } from 'node:crypto';
import type { Clock, Logger, Random } from '@orchestrator/runtime';
import type { Held as HeldLock, Store } from '@orchestrator/store';
import { connect, type Txn, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { createMirrorSessions, type MirrorSessions } from '../apply/mirror-sessions.ts';
import { closeOwnZnodes, type OwnIdentity, ownIdentity } from '../apply/own-identity.ts';
import { type PreparedSides, prepareOwnZnodes } from '../apply/own-znodes.ts';
import { probeTraits } from '../capture/choose.ts';
import { fetchWindow } from '../capture/window.ts';
import { checkAccess } from '../checks/access.ts';
import { checkTargetEmpty } from '../checks/target-empty.ts';
import type { CoreOptions, SideStart } from '../core/options.ts';
import type { Scope } from '../core/scope.ts';
import { type ConflictStrategy, type Event, otherSide, type Side } from '../core/types.ts';
import { cursorGone, SyncError } from '../errors.ts';
import type { EngineSide } from '../side.ts';
import { readOpenConflicts } from '../store/conflicts.ts';
import { readBlocked } from '../store/ledger.ts';
import { readWriters } from '../store/sessions.ts';
import type { OwnZnodes } from '../znodes.ts';
import type { RunSide } from './actions.ts';

export interface PrepareOptions {
  readonly migrationId: string;
  readonly znodes: OwnZnodes;
  readonly sides: Readonly<Record<Side, EngineSide>>;
  readonly lock: HeldLock;
  readonly store: Store;
  readonly scope: Scope;
  readonly settings: {
    readonly strategy: ConflictStrategy;
    readonly paths: readonly string[];
    readonly excludes: readonly string[];
    readonly electionGroups: readonly string[];
    readonly sequenceGap: number;
    readonly adoptTarget: boolean;
  };
  readonly workFolder: string;
  /** For the mirror sessions; the run is not there yet when they are restored. */
  readonly post: (event: Event) => void;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface PreparedRun {
  readonly core: CoreOptions;
  readonly sides: Readonly<Record<Side, RunSide>>;
  /** Leaves the mirror sessions to whoever leads next. */
  close(): Promise<void>;
  /** Ends them. */
  finish(): Promise<void>;
}

const writerTimeoutMs = 10_000;
const windowTimeoutMs = 60_000;

/** Rejects with a refusal, or with what failed on the way; then nothing is left open. */
export async function prepareRun(options: PrepareOptions): Promise<PreparedRun> {
  const opened: { close(): Promise<unknown> }[] = [];
  try {
    const identity = await ownIdentity(options.store, options.migrationId, randomBytes(24).toString('hex'));
    const writers = {
      source: await openWriter(options.sides.source, identity, opened),
      target: await openWriter(options.sides.target, identity, opened),
    };
    await checkAccess(options);
    const prepared = await prepareOwnZnodes({
      clients: writers,
      znodes: options.znodes,
      nonce: writers.source.sessionId.toString(16),
      targetZxid: () => options.sides.target.follower.mirror?.zxid ?? 0n,
      checkEmptyTarget: async () => {
        // Emptied just now, and the mirror still shows what was there before.
        const isStale = options.sides.target.follower.mirror?.has(options.znodes.cursor) === true;
        if (isStale) throw cursorGone('target', options.znodes.folder);
        checkTargetEmpty(options);
      },
    });
    await closeOwnZnodes(writers.source, options.znodes, identity);
    await closeOwnZnodes(writers.target, options.znodes, identity);
    const sessions = {
      source: mirrorSessionsOf('source', options, identity),
      target: mirrorSessionsOf('target', options, identity),
    };
    opened.push({ close: () => sessions.source.detach() }, { close: () => sessions.target.detach() });
    await Promise.all([sessions.source.restore(), sessions.target.restore()]);
    return {
      core: await coreOptions(options, prepared, sessions),
      sides: {
        source: runSide(options.sides.source, writers.source, sessions.source),
        target: runSide(options.sides.target, writers.target, sessions.target),
      },
      close: () => closeAll(opened),
      finish: async () => {
        await Promise.all([sessions.source.endAll(), sessions.target.endAll()]);
        await closeAll(opened);
      },
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function closeAll(opened: readonly { close(): Promise<unknown> }[]): Promise<void> {
  await Promise.all(opened.map((each) => each.close()));
}

async function openWriter(
  { ensemble }: EngineSide,
  identity: OwnIdentity,
  opened: { close(): Promise<unknown> }[],
): Promise<ZooKeeperClient> {
  const writer = await connect({ ...identity.client(ensemble.client), sessionTimeoutMs: writerTimeoutMs });
  opened.push(writer);
  return writer;
}

function mirrorSessionsOf(side: Side, options: PrepareOptions, identity: OwnIdentity): MirrorSessions {
  const { store, migrationId, post, onFailure, signal, clock, random } = options;
  const client = identity.client(options.sides[side].ensemble.client);
  return createMirrorSessions({ side, client, store, migrationId, post, onFailure, signal, clock, random });
}

const runSide = (
  { follower, reader }: EngineSide,
  writer: ZooKeeperClient,
  mirrorSessions: MirrorSessions,
): RunSide => ({
  follower,
  reader,
  writer,
  mirrorSessions,
});

async function coreOptions(
  options: PrepareOptions,
  { cursors }: PreparedSides,
  sessions: Readonly<Record<Side, MirrorSessions>>,
): Promise<CoreOptions> {
  const { migrationId, store, settings } = options;
  const [source, target, conflicts, blocked] = await Promise.all([
    sideStart('source', options, cursors),
    sideStart('target', options, cursors),
    readOpenConflicts(store, migrationId),
    readBlocked(store, migrationId),
  ]);
  return {
    migrationId,
    term: await chooseTerm(options, Math.max(cursors.source.term, cursors.target.term)),
    strategy: settings.strategy,
    paths: settings.paths,
    excludes: settings.excludes,
    electionGroups: settings.electionGroups,
    sequenceGap: settings.sequenceGap,
    sides: { source, target },
    mirrorSessions: [...sessions.source.list(), ...sessions.target.list()],
    held: conflicts.held,
    undone: conflicts.undone,
    blocked,
    initialCopy: cursors.target.zxid === 0n,
  };
}

async function sideStart(
  side: Side,
  options: PrepareOptions,
  cursors: PreparedSides['cursors'],
): Promise<SideStart> {
  const { reader, follower, version } = options.sides[side];
  const mirror = follower.mirror;
  if (mirror === undefined) throw new SyncError('Stopped', `the ${side} is not followed`);
  const hasHistory = follower.capture.mode === 'observer';
  const traits = await probeTraits(reader, options.znodes.folder, version);
  const applied = cursors[otherSide(side)].zxid;
  const seen = cursors[side].seenZxid;
  const after = laterOf(applied, seen);
  const window = hasHistory && after > 0n ? await windowOf(side, after, mirror.zxid, options) : undefined;
  const ownSessions = await readWriters(options.store, options.migrationId, side);
  return { mirror, traits: { hasHistory, ...traits }, ownSessions, window };
}

function laterOf(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

async function windowOf(
  side: Side,
  after: bigint,
  upTo: bigint,
  options: PrepareOptions,
): Promise<readonly Txn[] | undefined> {
  const deadline = new AbortController();
  const timer = options.clock.after(windowTimeoutMs, () => deadline.abort());
  try {
    const signal = AbortSignal.any([deadline.signal, options.signal]);
    const { ensemble } = options.sides[side];
    const window = await fetchWindow({ ensemble, workFolder: options.workFolder, after, upTo, signal });
    options.logger.info(
      window === undefined
        ? 'history since the cursor is gone; stats are the evidence'
        : 'history since the cursor is read',
      { side, txns: window?.length },
    );
    return window;
  } finally {
    timer.cancel();
  }
}

/**
 * The lock's term, unless the cursors have a higher one while the lock is still ours: then they were written under another
 * store, and ours has to go on from there.
 */
async function chooseTerm({ lock }: PrepareOptions, seen: number): Promise<number> {
  await lock.transaction([], []);
  return Math.max(lock.term, seen + 1);
}
