/** Asking for a path to be made equal, outside the steady stream. */
import type { Context } from './context.ts';
import { touches } from './dirty.ts';
import type { Lane, Work } from './lane.ts';
import type { Side } from './types.ts';

function settleWork(ctx: Context, lane: Lane, path: string): Work {
  const near = ctx.sides[lane.from];
  const stat = near.mirror.get(path)?.stat;
  const seq = ctx.nextId++;
  const timeMs = stat?.mtime ?? 0;
  ctx.dirty.mark(lane.from, path, { seq, fields: touches.all, zxid: stat?.mzxid ?? 0n, timeMs });
  lane.backlog++;
  return {
    seq,
    zxid: near.position,
    timeMs,
    arrivedMs: ctx.arrivedMs,
    ops: [{ kind: 'settle', path }],
    movesCursor: false,
  };
}

/** Makes the other side's node at `path` equal to that of `from`, before anything else in that direction. */
export function settleNow(ctx: Context, from: Side, ...paths: readonly string[]): void {
  const lane = ctx.lanes[from];
  lane.queue.unshiftAll(paths.map((path) => settleWork(ctx, lane, path)));
}

/** The same, after what waits already. */
export function settleLater(ctx: Context, from: Side, path: string): void {
  const lane = ctx.lanes[from];
  lane.queue.push(settleWork(ctx, lane, path));
}
