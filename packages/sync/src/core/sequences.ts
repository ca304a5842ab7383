/**
 * Each side numbers the sequential children of a parent from a counter of its own: the creates below it so far. So that
 * no number is given out twice, the target's is kept above the source's by a gap. All that raises a counter is a create;
 * the children we create for that are deleted in the same multi, so nobody ever sees one.
 *
 * What is created on one side is created on the other, which moves both counters alike. Only what is gone before it was
 * carried does not, and slowly uses up the gap.
 */
import { openAcl, parentPath } from '@orchestrator/zookeeper';
import { type Builder, sizeOf } from './builder.ts';
import type { Context } from './context.ts';
import type { Lane, WorkOp } from './lane.ts';
import { isEphemeral } from './mirror.ts';
import { isWithin } from './scope.ts';
import type { WriteOp } from './types.ts';

export interface Sequences {
  /** 0: counters are left alone. */
  readonly gap: number;
  /** Parents that have or had sequential children, with the creates seen since their counters were last looked at. */
  readonly parents: Map<string, number>;
  /** Parents whose counters are to be looked at, or were found too close and are being raised to the full gap. */
  readonly pending: Map<string, 'look' | 'raise'>;
  /** Parents that we cannot raise; on the ledger. */
  readonly refused: Set<string>;
  /** Looks for parents in the whole tree, a slice at a time. */
  survey: Generator<void> | undefined;
}

export function createSequences(gap: number): Sequences {
  return { gap, parents: new Map(), pending: new Map(), refused: new Set(), survey: undefined };
}

/** Parents remembered; one that was forgotten is looked at again with its next child. */
const mostParents = 100_000;
/** Parents that wait to be raised, beyond which the survey pauses. */
const mostPending = 10_000;
/** Pairs of create and delete in the multi that carries a first child: out of reach until the rest has been raised. */
const firstStep = 100;
/** Pairs in one multi: some 10 ms of a server's time. */
const mostPairsPerMulti = 500;
/** Counters are signed 32-bit numbers, and sequences do not survive their end. */
const highestCounter = 0x7fff_ffff;

const gapName = 'orchestrator-gap';
const gapPath = (parent: string) => (parent === '/' ? `/${gapName}` : `${parent}/${gapName}`);
export const isGapPath = (path: string): boolean => path.endsWith(`/${gapName}`);

/** Whether a name ends in the ten digits that servers append. */
const isSequential = (path: string): boolean => /[0-9]{10}$/.test(path);

/** Takes notice of what clients of either side create. */
export function noteSequences(ctx: Context, ops: readonly WorkOp[]): void {
  const { gap, parents } = ctx.sequences;
  if (gap === 0) return;
  for (const op of ops) {
    if (op.kind !== 'create') continue;
    if (isSequential(op.path)) noteParent(ctx, parentPath(op.path));
    // Made anew, its counter begins anew.
    const isParent = parents.has(op.path) || ctx.scope.electionGroups.includes(op.path);
    if (isParent) noteParent(ctx, op.path, true);
  }
}

function noteParent(ctx: Context, parent: string, mustLook = false): void {
  const { gap, parents, pending, refused } = ctx.sequences;
  const creates = parents.get(parent);
  if (creates === undefined && (refused.has(parent) || !ctx.scope.includes(parent))) return;
  const isDue = mustLook || creates === undefined || creates + 1 >= gap / 16;
  if (isDue && !pending.has(parent)) pending.set(parent, 'look');
  parents.set(parent, isDue ? 0 : creates + 1);
  if (parents.size <= mostParents) return;
  for (const oldest of parents.keys()) {
    parents.delete(oldest);
    return;
  }
}

/** Begins to look for parents in the whole tree: what no stream told of. */
export function startSurvey(ctx: Context): void {
  if (ctx.sequences.gap > 0) ctx.sequences.survey = findParents(ctx);
}

/** One slice of the survey. */
export function continueSurvey(ctx: Context): void {
  const { sequences, out } = ctx;
  // Goes on with the answers to what is being raised.
  if (sequences.survey === undefined || sequences.pending.size >= mostPending) return;
  if (sequences.survey.next().done === true) sequences.survey = undefined;
  else out.push({ kind: 'proceed' });
}

/**
 * Election groups are raised whether they have members or not: the first member on the target must sort after all those on
 * the source.
 */
function* findParents(ctx: Context): Generator<void> {
  const { pending } = ctx.sequences;
  for (const group of ctx.scope.electionGroups) noteParent(ctx, group, true);
  let looked = 0;
  let last: string | undefined;
  for (const root of ctx.scope.roots) {
    for (const { path } of ctx.sides.source.mirror.walk(root)) {
      if (isSequential(path) && ctx.scope.includes(path)) {
        const parent = parentPath(path);
        if (parent !== last) noteParent(ctx, parent, true);
        last = parent;
      }
      if (++looked % ctx.limits.compareSlice === 0 || pending.size >= mostPending) yield;
    }
  }
}

/** How far the target's counter is above the source's; `undefined`: the target will not have that parent. */
function distance(ctx: Context, lane: Lane, parent: string): number | undefined {
  const { source, target } = ctx.sides;
  const there = lane.predicted.get(target.mirror, parent);
  if (there === undefined || isEphemeral(there.owner)) return undefined;
  // One that we are about to make begins at 0.
  const isOurs = lane.predicted.isInFlight(parent);
  const far = isOurs ? 0 : (target.mirror.get(parent)?.stat.cversion ?? 0);
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
  if (counter + gap > highestCounter) refuse(ctx, parent, 'it is too near its end');
  else if (lack > maxCounterRaise)
    refuse(ctx, parent, `raising it takes more than ${maxCounterRaise} creates; a seeded target needs none`);
  else return lack;
  return 0;
}

/** Before the target gets the first sequential child of a parent, its counter moves out of reach of the source's. */
export function raiseBeforeChild(ctx: Context, builder: Builder, path: string): void {
  if (isSequential(path)) raiseWithBatch(ctx, builder, parentPath(path));
}

/** In the multi that is being put together; for a parent that is made anew this is the one that creates it. */
export function raiseWithBatch(ctx: Context, builder: Builder, parent: string): void {
  const { lane } = builder;
  const { gap, pending } = ctx.sequences;
  if (lane.from !== 'source' || !pending.has(parent) || lane.predicted.isInFlight(gapPath(parent))) return;
  const step = Math.min(firstStep, Math.ceil(gap / 4));
  const found = distance(ctx, lane, parent);
  if (found === undefined || found >= step || builder.ops.length >= mostPairsPerMulti) return;
  const ops = pairs(ctx, parent, step - found);
  builder.ops.push(...ops);
  builder.bytes += ops.length * sizeOf(gapPath(parent), null);
  builder.undo.push(lane.predicted.write(gapPath(parent), undefined, builder.batch));
  builder.effects.push(() => pending.set(parent, 'raise'));
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

function pairs(ctx: Context, parent: string, wanted: number): WriteOp[] {
  const path = gapPath(parent);
  const fitting = Math.floor(ctx.limits.maxBytesPerMulti / (2 * sizeOf(path, null)));
  const count = Math.min(wanted, mostPairsPerMulti, fitting);
  const ops: WriteOp[] = [];
  for (let i = 0; i < count; i++) {
    ops.push({ kind: 'create', path, data: null, acl: openAcl, mode: 'persistent' });
    ops.push({ kind: 'delete', path, version: 0 });
  }
  return ops;
}

/** The target does not let us create children here. The rest goes on; the names may collide. */
export function refuseRaise(ctx: Context, path: string, code: string): void {
  const parent = parentPath(path);
  refuse(ctx, parent, `${code}: let the engine create and delete children here, then reconcile the path`);
}

function refuse(ctx: Context, parent: string, why: string): void {
  const { parents, pending, refused } = ctx.sequences;
  parents.delete(parent);
  pending.delete(parent);
  refused.add(parent);
  const what = "sequence counter not raised on the target: names of the two sides' children may collide";
  ctx.out.push({ kind: 'ledger', path: parent, what, why });
}

/** Parents below `paths` that were refused are tried again by the survey that follows. */
export function retryRefused(ctx: Context, paths: readonly string[]): void {
  const { refused } = ctx.sequences;
  for (const parent of [...refused]) if (paths.some((root) => isWithin(parent, root))) refused.delete(parent);
}
