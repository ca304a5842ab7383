/** What a conflict's decision means for the changes that wait, once it is on record. */
import { zxidsOf } from './contests.ts';
import type { Contest, Context } from './context.ts';
import { makeVoid } from './dirty.ts';
import { releaseHeld } from './held.ts';
import { restoreNow, settleLater, settleNow } from './settling.ts';
import { type Conflict, otherSide, type Side } from './types.ts';

export function onConflictRecorded(ctx: Context, id: string): void {
  for (const [path, found] of ctx.contests) {
    if (found.conflict.id === id && !found.isRecorded) {
      found.isRecorded = true;
      carryOut(ctx, path, found);
      return;
    }
  }
}

function carryOut(ctx: Context, path: string, found: Contest): void {
  const { decision } = found.conflict;
  for (const side of ['source', 'target'] as const) ctx.reads.forget(side, path);
  if (decision === 'held') hold(ctx, path, found.conflict);
  else if (found.kind === 'changes') favour(ctx, path, found, decision);
  else if (found.kind === 'delete') restore(ctx, path, found, decision);
  else if (found.kind === 'overwritten') replace(ctx, path, found, decision);
  else {
    ctx.contests.delete(path);
    // Something below it has been left alone since, which the record does not know: record it again.
    const loser = otherSide(decision);
    if ((ctx.heldDeep.get(path)?.[loser] ?? 0n) > found.lastZxids[loser]) return;
    ctx.held.delete(path);
    voidLoser(ctx, path, found, decision);
    releaseHeld(ctx, path, decision, found.lastZxids[otherSide(decision)]);
  }
}

/** Something has happened to the path since: the conflict is another one. */
function isStale(ctx: Context, path: string, { lastZxids }: Contest): boolean {
  const now = zxidsOf(ctx.dirty.get(path));
  return now.source !== lastZxids.source || now.target !== lastZxids.target;
}

/** Whatever has happened since: the store says that it is held, and what comes is left alone until the operator chooses. */
function hold(ctx: Context, path: string, conflict: Conflict): void {
  ctx.contests.delete(path);
  const entry = ctx.dirty.get(path);
  makeVoid(entry?.source);
  makeVoid(entry?.target);
  ctx.held.set(path, conflict);
}

/** The loser's changes are void; the winner's next one imposes its whole node. */
function favour(ctx: Context, path: string, found: Contest, winner: Side): void {
  ctx.contests.delete(path);
  if (isStale(ctx, path, found)) return;
  const entry = ctx.dirty.get(path);
  makeVoid(entry?.[otherSide(winner)]);
  const pending = entry?.[winner];
  if (pending !== undefined) pending.forcedThrough = pending.lastSeq;
  ctx.lanes[winner].covered.delete(path);
  // There may be none left: it needed nothing, before the loser's change was known.
  settleLater(ctx, winner, path);
}

/** The node comes back where it was deleted; the contest stays open until it has, see `mayPass`. */
function restore(ctx: Context, path: string, found: Contest, keeper: Side): void {
  if (isStale(ctx, path, found) || !ctx.sides[keeper].mirror.has(path)) {
    ctx.contests.delete(path);
    return;
  }
  makeVoid(ctx.dirty.get(path)?.[otherSide(keeper)]);
  restoreNow(ctx, keeper, path);
}

/** It has happened already. What our write did not touch - the ACL of a node made anew, say - is still the loser's. */
function replace(ctx: Context, path: string, found: Contest, winner: Side): void {
  ctx.contests.delete(path);
  voidLoser(ctx, path, found, winner);
  settleNow(ctx, winner, path);
}

/** Only what the record knows of; what has come since is another change. */
function voidLoser(ctx: Context, path: string, { loserSeq }: Contest, winner: Side): void {
  const pending = ctx.dirty.get(path)?.[otherSide(winner)];
  if (pending === undefined || pending.voidThrough >= loserSeq) return;
  pending.voidThrough = loserSeq;
  if (pending.lastSeq === loserSeq) pending.fields = 0;
}
