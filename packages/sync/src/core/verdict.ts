/** What a conflict's decision means for the changes that wait, once it is on record. */
import type { Contest, Context } from './context.ts';
import { makeVoid } from './dirty.ts';
import { releaseHeld } from './held.ts';
import { restoreNow, settleLater, settleNow } from './settling.ts';
import { type Conflict, otherSide, type Side } from './types.ts';
import { noteUndone, reportMoot } from './undone.ts';

export function onConflictRecorded(ctx: Context, id: string): void {
  for (const [path, found] of ctx.contests) {
    if (!found.unrecorded.delete(id)) continue;
    if (found.unrecorded.size > 0) return;
    found.isRecorded = true;
    carryOut(ctx, path, found);
    return;
  }
}

function carryOut(ctx: Context, path: string, found: Contest): void {
  const { decision } = found.conflict;
  for (const side of ['source', 'target'] as const) ctx.reads.forget(side, path);
  if (decision === 'held') {
    hold(ctx, path, found.conflict);
    return;
  }
  const carriesOut = noteUndone(ctx, path, found.ids);
  if (found.kind === 'changes') favour(ctx, path, found, { winner: decision, carriesOut });
  else if (found.kind === 'delete') restore(ctx, path, found, { winner: decision, carriesOut });
  else if (found.kind === 'overwritten') replace(ctx, path, found, { winner: decision, carriesOut });
  else {
    ctx.contests.delete(path);
    // Something below it has been left alone since, which the record does not know: record it again.
    const loser = otherSide(decision);
    if ((ctx.heldDeep.get(path)?.[loser] ?? 0n) > found.lastZxids[loser]) return;
    ctx.held.delete(path);
    voidLosers(ctx, path, found);
    releaseHeld(ctx, path, decision, found.lastZxids[otherSide(decision)]);
  }
}

interface Verdict {
  readonly winner: Side;
  /** The records of it, and those before that are not carried out. */
  readonly carriesOut: readonly string[];
}

/** Whatever has happened since: the store says that it is held, and what comes is left alone until the operator chooses. */
function hold(ctx: Context, path: string, conflict: Conflict): void {
  ctx.contests.delete(path);
  const entry = ctx.dirty.get(path);
  makeVoid(entry?.source);
  makeVoid(entry?.target);
  reportMoot(ctx, path);
  ctx.held.set(path, conflict);
}

/** The loser's changes are void; the winner's next one imposes its whole node. */
function favour(ctx: Context, path: string, found: Contest, { winner, carriesOut }: Verdict): void {
  ctx.contests.delete(path);
  voidLosers(ctx, path, found);
  const pending = ctx.dirty.get(path)?.[winner];
  if (pending !== undefined) pending.forcedThrough = pending.lastSeq;
  ctx.lanes[winner].covered.delete(path);
  // There may be none left: it needed nothing, before the loser's change was known.
  settleLater(ctx, winner, path, { carriesOut });
}

/** The node comes back where it was deleted; the contest stays open until it has, see `mayPass`. */
function restore(ctx: Context, path: string, found: Contest, { winner, carriesOut }: Verdict): void {
  if (!ctx.sides[winner].mirror.has(path)) {
    ctx.contests.delete(path);
    return;
  }
  voidLosers(ctx, path, found);
  restoreNow(ctx, winner, path, carriesOut);
}

/** It has happened already. What our write did not touch - the ACL of a node made anew, say - is still the loser's. */
function replace(ctx: Context, path: string, found: Contest, { winner, carriesOut }: Verdict): void {
  ctx.contests.delete(path);
  voidLosers(ctx, path, found);
  settleNow(ctx, winner, path, { carriesOut });
}

/** Only what the record knows of; what has come since is another change. */
function voidLosers(ctx: Context, path: string, { loserSeqs }: Contest): void {
  const entry = ctx.dirty.get(path);
  for (const side of ['source', 'target'] as const) {
    const pending = entry?.[side];
    if (pending !== undefined) pending.voidThrough = Math.max(pending.voidThrough, loserSeqs[side]);
  }
}
