/**
 * A comparison from its first look to the last settling. Until then what clients do waits and the cursors stay: none of them
 * could say how far it is, and after a crash in the middle the streams have to be read from where they stood before.
 */
import type { Context } from './context.ts';
import { admitArrivals } from './lane.ts';

/** `after`: once all that was found is settled. */
export function beginComparison(ctx: Context, sweep: Generator<void>, after?: () => void): void {
  ctx.sweeps.push(sweep);
  ctx.isComparing = true;
  if (after !== undefined) ctx.afterComparison.push(after);
}

/** True when it ends with this: all that was found is on the side where it was missing. */
export function endComparison(ctx: Context): boolean {
  if (!ctx.isComparing || ctx.sweeps.length > 0) return false;
  const lanes = [ctx.lanes.source, ctx.lanes.target];
  if (lanes.some((lane) => lane.unsettled.size > 0)) return false;
  ctx.isComparing = false;
  for (const after of ctx.afterComparison.splice(0)) after();
  for (const lane of lanes) admitArrivals(lane);
  return true;
}
