/** Asking for a path to be made equal, outside the steady stream. */
import { type Context, seenThrough } from './context.ts';
import { touches } from './dirty.ts';
import { enqueue, type Lane, type Work } from './lane.ts';
import type { Side } from './types.ts';

/** Removes the far side's persistent copy of an election member. */
export function removeLater(ctx: Context, from: Side, path: string): void {
  const lane = ctx.lanes[from];
  lane.queue.push(settleWork(ctx, lane, path, { ops: [{ kind: 'remove', path }] }));
}

/** Ends the mirror session of a client that is gone, after all that is left to do for its copies. */
export function endSessionLater(ctx: Context, from: Side, originSession: bigint): void {
  const lane = ctx.lanes[from];
  const { position } = ctx.sides[from];
  const work = {
    seq: ctx.nextId++,
    zxid: position,
    timeMs: 0,
    arrivedMs: ctx.arrivedMs,
    ops: [],
    movesCursor: false,
    endsSession: originSession,
  };
  enqueue(lane, work, ctx.isComparing);
}

function settleWork(ctx: Context, lane: Lane, path: string, more?: Partial<Work>): Work {
  const near = ctx.sides[lane.from];
  const stat = near.mirror.get(path)?.stat;
  const seq = ctx.nextId++;
  const timeMs = stat?.mtime ?? 0;
  const isDelete = stat === undefined;
  ctx.dirty.mark(lane.from, path, { seq, fields: touches.all, zxid: stat?.mzxid ?? 0n, timeMs, isDelete });
  lane.backlog++;
  const work: Work = {
    seq,
    zxid: seenThrough(near),
    timeMs,
    arrivedMs: ctx.arrivedMs,
    ops: [{ kind: 'settle', path }],
    movesCursor: false,
    ...more,
  };
  lane.unsettled.add(work);
  return work;
}

/** What is over once it is settled. */
export type SettleEnd = Pick<Work, 'carriesOut' | 'releases' | 'restores'>;

/** Makes the other side's node at `path` equal to that of `from`, before anything else in that direction. */
export function settleNow(ctx: Context, from: Side, path: string, more?: SettleEnd): void {
  const lane = ctx.lanes[from];
  lane.queue.unshiftAll([settleWork(ctx, lane, path, more)]);
}

/** The same for a node that was deleted on the far side and has to come back; until it has, that side's delete waits. */
export function restoreNow(ctx: Context, from: Side, path: string, carriesOut: readonly string[]): void {
  const lane = ctx.lanes[from];
  lane.queue.unshiftAll([settleWork(ctx, lane, path, { restores: path, carriesOut })]);
}

/** The same for paths that an operator has decided; with the last of them done, `held` is held no more. */
export function settleHeld(ctx: Context, from: Side, held: string, paths: readonly string[]): void {
  const lane = ctx.lanes[from];
  const works = paths.map((path, i) =>
    settleWork(ctx, lane, path, i === paths.length - 1 ? { releases: held } : {}),
  );
  lane.queue.unshiftAll(works);
}

/** The same, after what waits already. */
export function settleLater(ctx: Context, from: Side, path: string, more?: SettleEnd): void {
  const lane = ctx.lanes[from];
  lane.queue.push(settleWork(ctx, lane, path, more));
}
