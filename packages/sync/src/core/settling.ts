/** Asking for a path to be made equal, outside the steady stream. */
import type { Context } from './context.ts';
import { touches } from './dirty.ts';
import type { Lane, Work } from './lane.ts';
import type { Side } from './types.ts';

function settleWork(ctx: Context, lane: Lane, path: string): Work {
  const near = ctx.sides[lane.from];
  const timeMs = near.mirror.get(path)?.stat.mtime ?? 0;
  const zxid = near.position;
  ctx.dirty.mark(lane.from, path, { fields: touches.all, zxid, timeMs });
  lane.backlog++;
  return {
    zxid,
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
