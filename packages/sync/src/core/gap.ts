/** A stream that could not be continued: the difference between the mirror before and the one after is what was missed. */

import { dataHash } from '@orchestrator/zookeeper';
import { completeMissed } from './answers.ts';
import type { Context } from './context.ts';
import { onCopiesLost, onCopyEcho } from './ephemerals.ts';
import { isCopy } from './kinds.ts';
import { isEphemeral, type Mirror, type MirrorNode, sameAcl } from './mirror.ts';
import { isGapPath } from './raise.ts';
import { forgetMirrorSession, isSessionGone } from './sessions.ts';
import { endSessionLater, settleLater } from './settling.ts';
import { otherSide, type Side, type WriteOp } from './types.ts';

/**
 * Takes `mirror` for the side, and looks through what was missed before anything else: until it has, a write there would take
 * the place of a change that nobody has seen.
 */
export function bridgeGap(ctx: Context, side: Side, mirror: Mirror): void {
  const here = ctx.sides[side];
  const before = here.mirror;
  completeMissed(ctx, ctx.lanes[otherSide(side)], before, mirror);
  const written = writtenOnTheWay(ctx, side);
  here.mirror = mirror;
  if (mirror.zxid > here.position) here.position = mirror.zxid;
  if (mirror.zxid > here.lastNoteworthy) here.lastNoteworthy = mirror.zxid;
  const ended = new Set([...here.mirrorSessions].filter((session) => isSessionGone(here, session)));
  forgetEndedSessions(ctx, side, before);
  ctx.sweeps.splice(ctx.gaps, 0, toItsEnd(ctx, findMissed(ctx, { side, before, written, ended })));
  ctx.gaps++;
  ctx.isComparing = true;
}

function* toItsEnd(ctx: Context, sweep: Generator<void>): Generator<void> {
  yield* sweep;
  ctx.gaps--;
}

/** By path, what our writes on their way may have made of it. */
function writtenOnTheWay(ctx: Context, side: Side): Map<string, readonly WriteOp[]> {
  const written = new Map<string, readonly WriteOp[]>();
  for (const batch of ctx.lanes[otherSide(side)].batches) {
    for (const op of batch.ops) {
      if (op.kind === 'check' || isGapPath(op.path)) continue;
      written.set(op.path, [...(written.get(op.path) ?? []), op]);
    }
  }
  return written;
}

interface Gap {
  readonly side: Side;
  readonly before: Mirror;
  /** By path, what our writes on their way may have made of it. */
  readonly written: ReadonlyMap<string, readonly WriteOp[]>;
  /** Mirror sessions that did not live through it; what they owned is no client's delete. */
  readonly ended: ReadonlySet<bigint>;
}

function* findMissed(ctx: Context, gap: Gap): Generator<void> {
  const { side, before } = gap;
  const now = ctx.sides[side].mirror;
  let looked = 0;
  const gone: string[] = [];
  for (const { path } of before.walk()) {
    if (ctx.scope.includes(path) && !now.has(path)) gone.push(path);
    if (++looked % ctx.limits.compareSlice === 0) yield;
  }
  for (const { path } of now.walk()) {
    if (ctx.scope.includes(path)) lookAt(ctx, gap, path);
    if (++looked % ctx.limits.compareSlice === 0) yield;
  }
  for (const path of gone.reverse()) {
    lookAt(ctx, gap, path);
    if (++looked % ctx.limits.compareSlice === 0) yield;
  }
}

function lookAt(
  ctx: Context,
  { side, before: mirrorBefore, written: writtenBy, ended }: Gap,
  path: string,
): void {
  const before = mirrorBefore.get(path);
  const now = ctx.sides[side].mirror.get(path);
  const written = writtenBy.get(path);
  if (isUnchanged(before, now)) return;
  if (
    now !== undefined &&
    isEphemeral(now.stat.ephemeralOwner) &&
    isCopy(ctx, side, now.stat.ephemeralOwner)
  ) {
    if (before?.stat.czxid !== now.stat.czxid) {
      onCopyEcho(ctx, side, path);
      // Unless a client has changed it since.
      if (now.stat.version === 0 && now.stat.aversion === 0) return;
    }
  }
  if (now === undefined && before !== undefined && ended.has(before.stat.ephemeralOwner)) {
    onCopiesLost(ctx, side, [path]);
    return;
  }
  if (written !== undefined && isOurs(written, before, now)) return;
  settleLater(ctx, side, path);
}

function isUnchanged(before: MirrorNode | undefined, now: MirrorNode | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  const a = before.stat;
  const b = now.stat;
  return (
    a.czxid === b.czxid &&
    a.version === b.version &&
    a.aversion === b.aversion &&
    sameAcl(before.acl, now.acl)
  );
}

/** Whether one of our writes left the node as it is now. */
function isOurs(
  written: readonly WriteOp[],
  before: MirrorNode | undefined,
  now: MirrorNode | undefined,
): boolean {
  return written.some((op) => {
    if (op.kind === 'check') return false;
    if (op.kind === 'delete') return now === undefined;
    if (now === undefined || now.dataHash !== dataHash(op.data)) return false;
    if (op.kind === 'create') return now.stat.version === 0 && sameAcl(now.acl, op.acl);
    // Created on the way as well, its ACL is looked at with the create.
    const isAclKept = before === undefined || sameAcl(now.acl, before.acl);
    return isAclKept && now.stat.version === op.version + 1;
  });
}

function forgetEndedSessions(ctx: Context, side: Side, before: Mirror): void {
  const here = ctx.sides[side];
  for (const { id } of before.sessions()) {
    if (!isSessionGone(here, id)) continue;
    // Without history it may just have nothing at present, and be used again.
    if (here.traits.hasHistory) forgetMirrorSession(here, id);
    // A client whose end was missed: its copies go with the settling, its mirror session after.
    if (ctx.sides[otherSide(side)].mirrorOf.has(id)) endSessionLater(ctx, side, id);
  }
}
