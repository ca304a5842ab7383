/** Making one node of the far side equal to the near side's, whatever it is now; and the parents that a node needs. */
import { nodeKind, parentPath } from '@orchestrator/zookeeper';
import { type Builder, type Planned, writeCreate, writeSet } from './builder.ts';
import { contestDelete, mayPass } from './contests.ts';
import type { Context } from './context.ts';
import { lookAhead } from './copy.ts';
import { dataOf } from './data-of.ts';
import { planDelete } from './deletes.ts';
import { touches } from './dirty.ts';
import { wantCopy } from './ephemerals.ts';
import { isCopy, isOriginal, isSameKind } from './kinds.ts';
import { isWriting, type Lane } from './lane.ts';
import { isEphemeral, type MirrorNode, sameAcl } from './mirror.ts';
import type { PlannedNode } from './predicted.ts';
import { raiseAnew, raiseBeforeChild } from './raise.ts';
import { refuse } from './refused.ts';
import { settleLater } from './settling.ts';

/** Makes the far node at `path` equal to what the near mirror holds now. */
export function planSettle(ctx: Context, builder: Builder, path: string): Planned {
  const { lane } = builder;
  // A write of ours to the near side would make this out of date.
  if (isWriting(ctx.lanes[lane.to], path)) return 'wait';
  const here = ctx.sides[lane.from].mirror.get(path);
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  if (here === undefined) {
    const gone = there === undefined ? 'done' : planDelete(ctx, builder, path, there);
    if (gone === 'done') cover(ctx, builder, path);
    return gone;
  }
  const owner = here.stat.ephemeralOwner;
  if (there === undefined) return planMissing(ctx, builder, path, here);
  if (!isSameKind(ctx, path, lane.from, owner, there.owner)) {
    if (isCopy(ctx, lane.from, owner)) return planOrphan(ctx, builder, path, here, there);
    const isEitherEphemeral = isEphemeral(owner) || isEphemeral(there.owner);
    const hasChildren = lane.predicted.children(ctx.sides[lane.to].mirror, path).length > 0;
    if (isEitherEphemeral || !hasChildren) {
      const deleted = planDelete(ctx, builder, path, there);
      const isGone = !lane.predicted.has(ctx.sides[lane.to].mirror, path);
      return deleted === 'done' && isGone ? planMissing(ctx, builder, path, here) : deleted;
    }
    noteKind(ctx, builder, path, owner, there.owner);
  }
  return planContent(ctx, builder, path, here, there);
}

function planMissing(ctx: Context, builder: Builder, path: string, here: MirrorNode): Planned {
  const { lane } = builder;
  const owner = here.stat.ephemeralOwner;
  if (isCopy(ctx, lane.from, owner)) {
    // Its original is gone, so it has to go as well.
    builder.effects.push(() => settleLater(ctx, lane.to, path));
    return 'done';
  }
  const parent = planParent(ctx, builder, path, here.stat.czxid);
  if (parent !== 'there') return parent;
  if (isOriginal(ctx, lane.from, owner) && !ctx.scope.isElectionMember(path)) {
    if (!raiseBeforeChild(ctx, builder, path)) return 'wait';
    cover(ctx, builder, path);
    builder.effects.push(() => wantCopy(ctx, lane, path, builder.batch));
    return 'done';
  }
  const found = dataOf(ctx, lane.from, path, here);
  if (!found.known) return refuseUnreadable(ctx, builder, path, found.failed);
  const carried = nodeKind(owner) === 'ephemeral' ? 0n : owner;
  if (!raiseBeforeChild(ctx, builder, path)) return 'wait';
  writeCreate(ctx, builder, { path, data: found.data, acl: here.acl, owner: carried });
  raiseAnew(ctx, builder, path);
  cover(ctx, builder, path);
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  if (there !== undefined) raiseVersion(ctx, builder, path, found.data, here, there);
  return 'done';
}

/** The near side has a copy without its original: its content may count, but what the far side has stays there. */
function planOrphan(
  ctx: Context,
  builder: Builder,
  path: string,
  here: MirrorNode,
  there: PlannedNode,
): Planned {
  const { lane } = builder;
  const isAlsoCopy = isCopy(ctx, lane.to, there.owner);
  const planned = isAlsoCopy
    ? planDelete(ctx, builder, path, there)
    : planContent(ctx, builder, path, here, there);
  if (planned === 'done') builder.effects.push(() => settleLater(ctx, lane.to, path));
  return planned;
}

/** Changes of the near side up to now have nothing to add to what has just been written. */
function cover(ctx: Context, builder: Builder, path: string): void {
  const { lane } = builder;
  builder.settled.add(path);
  const seq = ctx.nextId++;
  builder.effects.push(() => {
    lane.covered.set(path, { seq, batch: builder.batch });
    ctx.reads.forget(lane.from, path);
  });
}

function planContent(
  ctx: Context,
  builder: Builder,
  path: string,
  here: MirrorNode,
  there: PlannedNode,
): Planned {
  const { lane } = builder;
  // What clients of the far side have changed meanwhile, and this side has not, travels the other way.
  const theirs = ctx.dirty.get(path)?.[lane.to]?.fields ?? 0;
  const isOriginals = isAclOfOriginal(ctx, lane, path, here, there);
  if (isOriginals) builder.effects.push(() => settleLater(ctx, lane.to, path));
  const isAclTheirs = isOriginals || (theirs & touches.acl) !== 0 || ctx.refused[lane.to].has(aclKey(path));
  if (!isAclTheirs && !sameAcl(here.acl, there.acl)) {
    builder.aclStep = { path, acl: here.acl, aversion: there.aversion };
    return 'acl';
  }
  const behind = here.stat.version - there.version;
  const isEqual = here.dataHash === there.dataHash;
  if (!isEqual && (theirs & touches.data) !== 0) return 'done';
  if (isEqual && behind <= 0) {
    cover(ctx, builder, path);
    return 'done';
  }
  const found = dataOf(ctx, lane.from, path, here);
  if (!found.known) return refuseUnreadable(ctx, builder, path, found.failed);
  cover(ctx, builder, path);
  if (isEqual) {
    raiseVersion(ctx, builder, path, found.data, here, there);
    return 'done';
  }
  const times = behind >= 1 && behind <= ctx.limits.maxVersionRaise ? behind : 1;
  writeSet(builder, path, found.data, there, times);
  if (times !== behind) noteVersion(ctx, builder, path, here.stat.version, there.version + times);
  return 'done';
}

/**
 * A client has set the original's ACL while its copy was made, which is left to the copy; a restart in between forgets that.
 * Nobody has set the copy's.
 */
function isAclOfOriginal(
  ctx: Context,
  lane: Lane,
  path: string,
  here: MirrorNode,
  there: PlannedNode,
): boolean {
  if (!isCopy(ctx, lane.from, here.stat.ephemeralOwner) || sameAcl(here.acl, there.acl)) return false;
  const mine = ctx.dirty.get(path)?.[lane.from]?.fields ?? 0;
  return (mine & touches.acl) === 0 && there.aversion > here.stat.aversion;
}

function raiseVersion(
  ctx: Context,
  builder: Builder,
  path: string,
  data: Buffer | null,
  here: MirrorNode,
  there: PlannedNode,
): void {
  const behind = here.stat.version - there.version;
  if (behind <= 0) return;
  if (behind > ctx.limits.maxVersionRaise) noteVersion(ctx, builder, path, here.stat.version, there.version);
  else writeSet(builder, path, data, there, behind);
}

function noteVersion(ctx: Context, builder: Builder, path: string, near: number, far: number): void {
  const { from, to } = builder.lane;
  builder.effects.push(() =>
    ctx.out.push({
      kind: 'ledger',
      path,
      what: `version is ${near} on the ${from} and ${far} on the ${to}`,
      why:
        far > near
          ? 'versions cannot be lowered'
          : `raising it takes more than ${ctx.limits.maxVersionRaise} writes`,
    }),
  );
}

function noteKind(ctx: Context, builder: Builder, path: string, near: bigint, far: bigint): void {
  const { from, to } = builder.lane;
  builder.effects.push(() =>
    ctx.out.push({
      kind: 'ledger',
      path,
      what: `${nodeKind(near)} node on the ${from}, ${nodeKind(far)} node on the ${to}`,
      why: 'a node that has children cannot be made anew as another kind',
    }),
  );
}

/** A key that no path can be: the ACL of the path is refused, its data is not. */
export const aclKey = (path: string): string => `${path}//acl`;

function refuseUnreadable(ctx: Context, builder: Builder, path: string, code: string | undefined): Planned {
  if (code !== undefined) refuse(ctx, builder.lane.to, path, 'Unreadable');
  return 'wait';
}

/** Sees to it that the parent is on the far side before `path`, created at `zxid` on the near side, is created there. */
export function planParent(ctx: Context, builder: Builder, path: string, zxid: bigint): Planned | 'there' {
  const { lane } = builder;
  const parent = parentPath(path);
  if (canHaveChildren(ctx, lane, parent)) return 'there';
  lookAhead(ctx, parent);
  // Deleted since on the near side, perhaps made again, and so was the child: later in this lane.
  const near = ctx.sides[lane.from].mirror.get(parent);
  if (near === undefined || near.stat.czxid > zxid) return 'done';
  // Whoever sees to the parent sees to what is below it too.
  if (ctx.held.has(parent)) {
    builder.effects.push(() => noteDeep(ctx, parent));
    return 'done';
  }
  const refused = ctx.refused[lane.to].get(parent);
  if (refused !== undefined) return refused.isRecorded ? 'done' : 'wait';
  const contested = ctx.contests.get(parent);
  if (contested !== undefined && !mayPass(contested, lane.from)) return 'wait';
  // Deleted there, or an ephemeral that was written to: in its place comes another, but not without a record.
  const theirs = ctx.dirty.get(parent)?.[lane.to]?.fields ?? 0;
  if (contested === undefined && theirs !== 0) {
    builder.onWait = () => contestDelete(ctx, parent, lane.from);
    return 'wait';
  }
  const settled = planSettle(ctx, builder, parent);
  if (settled !== 'done') return settled;
  if (canHaveChildren(ctx, lane, parent)) return 'there';
  // The parent could not be carried (held or refused further up): nor can this.
  return 'done';
}

function noteDeep(ctx: Context, held: string): void {
  ctx.heldDeep.set(held, { source: ctx.sides.source.position, target: ctx.sides.target.position });
}

function canHaveChildren(ctx: Context, lane: Lane, path: string): boolean {
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  return there !== undefined && !isEphemeral(there.owner);
}
