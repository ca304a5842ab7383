/**
 * The writes that raise a sequence counter. All that raises one is a create; the children that we create for that are
 * deleted in the same multi, so nobody ever sees one.
 */
import { openAcl, parentPath } from '@orchestrator/zookeeper';
import { type Builder, sizeOf } from './builder.ts';
import type { Context } from './context.ts';
import type { Lane } from './lane.ts';
import { isEphemeral } from './mirror.ts';
import { isSequential, leaveApart } from './sequences.ts';
import { settleNow } from './settling.ts';
import type { WriteOp } from './types.ts';

/** Pairs of create and delete in the multi that carries a first child: out of reach until the rest has been raised. */
const firstStep = 100;
/**
 * Creates that the first child waits for: some seconds of a first copy, and a tenth of that of the stream. Where the counters are
 * further apart they are raised when there is time, after it has come.
 */
const mostBeforeChild = { ofCopy: 100_000, ofStream: 10_000 };
/** Nodes below a new parent that are looked at for sequential ones. */
const mostLookedAt = 100;
/** Counters are signed 32-bit numbers, and sequences do not survive their end. */
const highestCounter = 0x7fff_ffff;

const gapName = 'orchestrator-gap';
const gapPath = (parent: string) => (parent === '/' ? `/${gapName}` : `${parent}/${gapName}`);
/** Whether the path is that of a child which we create and delete at once. */
export const isGapPath = (path: string): boolean => path.endsWith(`/${gapName}`);

/** How far the target's counter is above the source's; `undefined`: the target will not have that parent. */
function distance(ctx: Context, lane: Lane, parent: string): number | undefined {
  const { source, target } = ctx.sides;
  const there = lane.predicted.get(target.mirror, parent);
  if (there === undefined || isEphemeral(there.owner)) return undefined;
  // One that we are about to make begins at 0.
  const far = lane.predicted.isMade(parent) ? 0 : (target.mirror.get(parent)?.stat.cversion ?? 0);
  return far - (source.mirror.get(parent)?.stat.cversion ?? 0);
}

/**
 * Creates to raise the target's counter by, now that the source's queue is empty and the counters can be compared; 0 for none.
 * Begins when three quarters of the gap are used up, ends when all of it is there.
 */
export function lackOf(ctx: Context, lane: Lane, parent: string): number {
  const { gap, parents, pending } = ctx.sequences;
  const found = distance(ctx, lane, parent);
  if (found === undefined) {
    // To be looked at with its next child.
    parents.set(parent, gap);
    return 0;
  }
  const enough = pending.get(parent) === 'raise' ? gap : gap / 4;
  if (found >= enough) return 0;
  const lack = gap - found;
  const counter = ctx.sides.source.mirror.get(parent)?.stat.cversion ?? 0;
  const { maxCounterRaise } = ctx.limits;
  if (counter + gap > highestCounter) leaveApart(ctx, parent, 'it is too near its end');
  else if (lack > maxCounterRaise)
    leaveApart(
      ctx,
      parent,
      `raising it takes more than ${maxCounterRaise} creates; a seeded target needs none`,
    );
  else return lack;
  return 0;
}

/**
 * Before the target gets a sequential child, its parent's counter moves out of reach of the source's, if it is not. False when
 * the batch has no room for that.
 */
export function raiseBeforeChild(ctx: Context, builder: Builder, path: string): boolean {
  if (!isSequential(path)) return true;
  const parent = parentPath(path);
  // A first copy, or a parent that had to be made again, meets counters that are far apart: what no one multi can raise goes first.
  const lack = firstLack(ctx, builder.lane, parent);
  if (lack > pairsPerMulti(ctx, parent) && lack <= mostAwaited(ctx)) {
    builder.onWait = () => awaitRaise(ctx, builder.lane, parent);
    return false;
  }
  return raiseInBatch(ctx, builder, parent);
}

const mostAwaited = (ctx: Context) => (ctx.isCopied ? mostBeforeChild.ofStream : mostBeforeChild.ofCopy);

/** One that was to be made with the child is made before it: what is not there cannot be raised. */
function awaitRaise(ctx: Context, lane: Lane, parent: string): void {
  if (lane.predicted.has(ctx.sides[lane.to].mirror, parent)) ctx.sequences.awaited.add(parent);
  else settleNow(ctx, lane.from, parent);
}

/** A parent that is made anew begins at 0: in the multi that creates it, it is raised. */
export function raiseAnew(ctx: Context, builder: Builder, path: string): void {
  const { gap, parents, pending } = ctx.sequences;
  const isKnown = parents.has(path) || pending.has(path) || ctx.scope.electionGroups.includes(path);
  if (isKnown || (gap > 0 && !ctx.isCopied && isSeenParent(ctx, path))) raiseInBatch(ctx, builder, path);
}

/** Of a first copy, before the survey: whether its first children on the source are sequential. */
function isSeenParent(ctx: Context, parent: string): boolean {
  let looked = 0;
  for (const { path } of ctx.sides.source.mirror.walk(parent)) {
    if (path !== parent && parentPath(path) === parent && isSequential(path)) return true;
    if (++looked > mostLookedAt) return false;
  }
  return false;
}

/**
 * Whether a copy has to wait: `moving` until its parent has been raised, `due` because what went before it to raise that has
 * failed.
 */
export function raiseState(ctx: Context, lane: Lane, path: string): 'apart' | 'moving' | 'due' {
  const parent = parentPath(path);
  if (!isSequential(path) || firstLack(ctx, lane, parent) === 0) return 'apart';
  return isMoving(lane, parent) ? 'moving' : 'due';
}

/** The parent is deleted: what raises its counter is of no use to the one that may come after it. */
export function forgetRaise(builder: Builder, parent: string): void {
  builder.undo.push(builder.lane.predicted.drop(gapPath(parent)));
}

function raiseInBatch(ctx: Context, builder: Builder, parent: string): boolean {
  const { lane } = builder;
  const lack = firstLack(ctx, lane, parent);
  if (lack === 0) return true;
  if (lane.predicted.isInFlight(gapPath(parent))) return true;
  if (builder.ops.length >= ctx.limits.maxPairsPerMulti) return false;
  const ops = pairs(ctx, parent, lack);
  builder.ops.push(...ops);
  builder.bytes += ops.length * sizeOf(gapPath(parent), null);
  builder.undo.push(lane.predicted.write(gapPath(parent), undefined, builder.batch));
  builder.effects.push(() => ctx.sequences.pending.set(parent, 'raise'));
  return true;
}

/** Creates that are due before the target may have another sequential child there. */
function firstLack(ctx: Context, lane: Lane, parent: string): number {
  const { gap, pending, refused } = ctx.sequences;
  if (gap === 0 || lane.from !== 'source' || refused.has(parent)) return 0;
  const step = Math.min(firstStep, Math.ceil(gap / 4));
  const found = distance(ctx, lane, parent);
  const lack = found === undefined ? 0 : Math.max(0, step - found);
  return !ctx.isCopied && !pending.has(parent) && lack > mostBeforeChild.ofCopy ? 0 : lack;
}

/** What brings an awaited parent nearer to where a child may come; `undefined` when the child's own multi can do the rest. */
export function raiseAwaited(
  ctx: Context,
  lane: Lane,
  parent: string,
  batch: number,
): readonly WriteOp[] | undefined {
  const lack = firstLack(ctx, lane, parent);
  if (lack <= pairsPerMulti(ctx, parent) || lack > mostAwaited(ctx)) return undefined;
  return raiseNext(ctx, lane, { parent, lack, batch });
}

/** The writes of one multi that raise the counter by `lack`, or as far as one multi can. */
export function raiseNext(
  ctx: Context,
  lane: Lane,
  raise: { readonly parent: string; readonly lack: number; readonly batch: number },
): readonly WriteOp[] {
  const { parent, lack, batch } = raise;
  ctx.sequences.pending.set(parent, 'raise');
  lane.predicted.write(gapPath(parent), undefined, batch);
  return pairs(ctx, parent, lack);
}

/** Whether what is on its way has to arrive before the counters can be compared. */
export function isMoving(lane: Lane, parent: string): boolean {
  return lane.predicted.isInFlight(gapPath(parent)) || lane.predicted.isInFlight(parent);
}

function pairsPerMulti(ctx: Context, parent: string): number {
  const fitting = Math.floor(ctx.limits.maxBytesPerMulti / (2 * sizeOf(gapPath(parent), null)));
  return Math.max(1, Math.min(ctx.limits.maxPairsPerMulti, fitting));
}

function pairs(ctx: Context, parent: string, wanted: number): WriteOp[] {
  const path = gapPath(parent);
  const count = Math.min(wanted, pairsPerMulti(ctx, parent));
  const ops: WriteOp[] = [];
  for (let i = 0; i < count; i++) {
    ops.push({ kind: 'create', path, data: null, acl: openAcl, mode: 'persistent' });
    ops.push({ kind: 'delete', path, version: 0 });
  }
  return ops;
}

/** The target does not let us create and delete children. The rest goes on; the names may collide. */
export function refuseRaise(ctx: Context, path: string, code: string): void {
  const remedy = 'let the engine create and delete children here, then reconcile the path';
  leaveApart(ctx, parentPath(path), `${code}: ${remedy}`);
}
