/** Sequence counters that are too close are raised while nothing else waits to be carried to the target. */
import type { Context } from './context.ts';
import { isListening } from './findings.ts';
import { inFlight } from './lane.ts';
import { isMoving, lackOf, raiseAwaited, raiseNext } from './raise.ts';
import { eagerMultis, mostInFlight, sendBatch } from './send.ts';

/** Sends what brings the pending parents nearer to the full gap: one multi of each at a time, a few at once. */
export function raiseCounters(ctx: Context): void {
  const lane = ctx.lanes.source;
  const { pending } = ctx.sequences;
  if (pending.size === 0 || lane.gate !== 'open' || lane.queue.length > 0 || isListening(ctx, lane)) return;
  const most = Math.min(eagerMultis, mostInFlight(ctx, lane));
  let looked = 0;
  for (const parent of pending.keys()) {
    if (inFlight(lane) >= most) return;
    if (looked++ === ctx.limits.compareSlice) {
      ctx.out.push({ kind: 'proceed' });
      return;
    }
    if (isMoving(lane, parent)) continue;
    const lack = lackOf(ctx, lane, parent);
    if (lack === 0) {
      pending.delete(parent);
      continue;
    }
    const id = ctx.nextId++;
    const ops = raiseNext(ctx, lane, { parent, lack, batch: id });
    sendBatch(ctx, lane, { id, kind: 'multi', ops, works: [] });
  }
}

/** What a child waits for, one multi of each parent at a time. */
export function raiseForChildren(ctx: Context): void {
  const lane = ctx.lanes.source;
  const { awaited } = ctx.sequences;
  if (awaited.size === 0 || lane.gate !== 'open' || isListening(ctx, lane)) return;
  for (const parent of awaited) {
    if (inFlight(lane) >= mostInFlight(ctx, lane)) return;
    if (isMoving(lane, parent)) continue;
    const id = ctx.nextId++;
    const ops = raiseAwaited(ctx, lane, parent, id);
    if (ops === undefined) awaited.delete(parent);
    else sendBatch(ctx, lane, { id, kind: 'multi', ops, works: [] });
  }
}
