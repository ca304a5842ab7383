/** From the claims to the steady stream: the windows are what was on its way when the run before ended. */
import type { PersistedStat, Txn, TxnOp } from '@orchestrator/zookeeper';
import type { Evidence } from './compare.ts';
import type { Context } from './context.ts';
import type { TargetEvidence } from './copy.ts';
import { observe } from './intake.ts';
import { isCopy, isSameContent, isSameKind } from './kinds.ts';
import { isEphemeral } from './mirror.ts';
import { isSessionGone } from './sessions.ts';
import { endSessionLater, settleLater } from './settling.ts';
import { later, otherSide, type Side } from './types.ts';

/** What the stats have to say, where the streams cannot. */
export function evidenceAtStart(ctx: Context, windows: Windows): Record<Side, Evidence> {
  const of = (side: Side): Evidence => ({
    after: windows[side] === undefined ? resumePoint(ctx, side) : undefined,
    ours: ctx.lanes[otherSide(side)].lastOwnZxid,
  });
  return { source: of('source'), target: of('target') };
}

/** The same for a first copy, of which the source need not say anything. */
export function targetEvidence(ctx: Context, { target }: Windows): TargetEvidence {
  const { source } = ctx.lanes;
  const begun = ctx.sides.target.mirror.get(ctx.znodes.cursor)?.stat.czxid ?? 0n;
  const after = later(resumePoint(ctx, 'target'), begun);
  return { after, ours: source.lastOwnZxid, isTold: target !== undefined, isResumed: source.isResumed };
}

/** Transactions that have to be looked at once the claims hold; `undefined` where nobody knows them. */
export interface Windows {
  source: Txn[] | undefined;
  target: Txn[] | undefined;
}

/** The last transaction of `side` that was dealt with before this run: the claimed cursors say so. */
export function resumePoint(ctx: Context, side: Side): bigint {
  return later(ctx.lanes[side].confirmed.zxid, ctx.lanes[otherSide(side)].confirmed.seenZxid);
}

/** Queues what the windows hold, as if it had just arrived. */
export function replayWindows(ctx: Context, windows: Windows): void {
  for (const side of ['source', 'target'] as const) {
    const after = resumePoint(ctx, side);
    ctx.lanes[side].through = after;
    const news = (windows[side] ?? []).filter(({ zxid }) => zxid > after);
    for (const txn of withClosedPaths(news)) observe(ctx, side, txn, ctx.arrivedMs, true);
  }
  for (const [, { source, target }] of ctx.dirty.entries()) {
    for (const pending of [source, target]) if (pending !== undefined) pending.isReplayed = true;
  }
}

/**
 * Servers of 3.4 and 3.5 do not say what goes with a session, and the mirror does not hold it any more: what was made in the
 * window is known from there. A copy of what was made before has lost its original, which the review notices.
 */
function withClosedPaths(txns: readonly Txn[]): readonly Txn[] {
  const owners = new Map<string, bigint>();
  const paths = new Map<bigint, Set<string>>();
  const note = (op: TxnOp): void => {
    if (op.kind === 'delete') paths.get(owners.get(op.path) ?? 0n)?.delete(op.path);
    if (op.kind !== 'create' || !isEphemeral(op.ephemeralOwner)) return;
    owners.set(op.path, op.ephemeralOwner);
    const known = paths.get(op.ephemeralOwner);
    if (known === undefined) paths.set(op.ephemeralOwner, new Set([op.path]));
    else known.add(op.path);
  };
  return txns.map((txn) => {
    for (const op of txn.ops) note(op);
    const [op] = txn.ops;
    if (op?.kind !== 'closeSession' || op.paths !== null) return txn;
    return { ...txn, ops: [{ ...op, paths: [...(paths.get(txn.sessionId) ?? [])] }] };
  });
}

/**
 * Ephemerals are compared whole, since no cursor speaks of them: originals get the copies they lack, copies whose original
 * is gone are removed, and mirror sessions of clients that are gone are ended.
 */
export function reviewEphemerals(ctx: Context, windows: Windows): void {
  for (const side of ['source', 'target'] as const) {
    const far = otherSide(side);
    const knowsAll = windows[far] !== undefined;
    const here = ctx.sides[side];
    const owners = new Set<bigint>();
    for (const { id } of here.mirror.sessions()) owners.add(id);
    for (const origin of ctx.sides[far].mirrorOf.keys()) owners.add(origin);
    for (const owner of owners) {
      for (const path of here.mirror.ephemeralsOf(owner)) reviewPath(ctx, side, path, knowsAll);
    }
    for (const [origin, mirrorSession] of [...ctx.sides[far].mirrorOf]) {
      for (const path of ctx.sides[far].mirror.ephemeralsOf(mirrorSession))
        reviewPath(ctx, side, path, knowsAll);
      if (isSessionGone(here, origin)) {
        endSessionLater(ctx, side, origin);
      }
    }
  }
}

function reviewPath(ctx: Context, side: Side, path: string, knowsAll: boolean): void {
  const far = otherSide(side);
  if (!ctx.scope.includes(path)) return;
  const original = ctx.sides[side].mirror.get(path);
  const copy = ctx.sides[far].mirror.get(path);
  if (original !== undefined && isCopy(ctx, side, original.stat.ephemeralOwner)) return;
  // What a stream told of is in the queue already.
  if (original !== undefined && ctx.dirty.get(path)?.[side] !== undefined) return;
  const isCopied =
    original !== undefined &&
    copy !== undefined &&
    isSameKind(ctx, path, side, original.stat.ephemeralOwner, copy.stat.ephemeralOwner);
  if (!isCopied) {
    settleLater(ctx, side, path);
    return;
  }
  if (isSameContent(original, copy) || !knowsAll) return;
  // A change of the original while its copy was being made has passed the cursor; one of the copy is in the queue.
  const changes = ctx.dirty.get(path)?.[far]?.count ?? 0;
  if (changes === 0 || isChangedToo(original.stat, copy.stat, changes)) settleLater(ctx, side, path);
}

/** By how far the clocks of two ensembles may differ. */
const skewMs = 60_000;

/**
 * Whether the original may have changed since its copy was made, without the copy, of which the queue holds all that is not on
 * the original: both count the changes that went over. Then the two changes are a conflict.
 */
function isChangedToo(original: PersistedStat, copy: PersistedStat, changes: number): boolean {
  if (original.mtime + skewMs < copy.ctime && original.aversion === 0) return false;
  return original.version > copy.version - changes || original.aversion > copy.aversion - changes;
}
