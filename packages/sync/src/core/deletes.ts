import { type Builder, type Planned, writeDelete } from './builder.ts';
import { contestDelete, contestHeld } from './contests.ts';
import type { Context } from './context.ts';
import type { PlannedNode } from './predicted.ts';
import { forgetRaise } from './raise.ts';
import { refuse } from './refused.ts';

/** Deletes the far side's node at `path`, unless something below it that the near side has not seen forbids that. */
export function planDelete(ctx: Context, builder: Builder, path: string, there: PlannedNode): Planned {
  const { lane } = builder;
  const near = ctx.sides[lane.from].mirror;
  const far = ctx.sides[lane.to].mirror;
  let unseen = false;
  for (const child of lane.predicted.children(far, path)) {
    // Made again since, with the node itself: what is left to do for both comes later in this lane.
    if (near.has(child)) return 'done';
    if (ctx.copies[lane.to].has(child)) return 'wait';
    if (ctx.held.has(child)) {
      const reason = `deleted on the ${lane.from} while ${child}, below it, waits for an operator`;
      builder.onWait = () => contestHeld(ctx, path, reason);
      return 'wait';
    }
    if (ctx.refused[lane.to].has(child)) {
      refuse(ctx, lane.to, path, 'ChildRefused');
      return 'wait';
    }
    unseen = true;
  }
  // A copy being made is no child yet, but will be.
  if (hasCopyBelow(ctx, builder, path)) return 'wait';
  if (!unseen) {
    writeDelete(builder, path, there);
    forgetRaise(builder, path);
    return 'done';
  }
  builder.onWait = () => contestDelete(ctx, path, lane.to);
  return 'wait';
}

function hasCopyBelow(ctx: Context, builder: Builder, path: string): boolean {
  const copies = ctx.copies[builder.lane.to];
  if (copies.size === 0) return false;
  const prefix = `${path}/`;
  for (const copy of copies.values()) {
    if (copy.state !== 'waiting' && copy.path.startsWith(prefix)) return true;
  }
  return false;
}
