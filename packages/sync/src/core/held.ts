/** Held paths: what happens to them once an operator has chosen. */
import { parentPath } from '@orchestrator/zookeeper';
import { compareSides, nobody } from './compare.ts';
import { beginComparison } from './comparing.ts';
import { contestResolution } from './contests.ts';
import type { Context } from './context.ts';
import type { Mirror } from './mirror.ts';
import { release } from './send.ts';
import { settleHeld, settleNow } from './settling.ts';
import { otherSide, type Side } from './types.ts';

/** Carries out the operator's choice as soon as what it depends on is decided too. */
export function resolveHeld(ctx: Context, path: string, winner: Side): void {
  if (!ctx.held.has(path)) return;
  const near = ctx.sides[winner].mirror;
  const far = ctx.sides[otherSide(winner)].mirror;
  if (near.has(path)) {
    if (path !== '/' && !far.has(parentPath(path)) && ctx.held.has(parentPath(path))) return;
  } else {
    // Deleting a node takes along what is held below it.
    const below = [...ctx.held.keys()].filter((other) => other.startsWith(`${path}/`));
    for (const other of below) ctx.choices.set(other, winner);
    if (below.length > 0) return;
  }
  contestResolution(ctx, path, winner);
}

/**
 * Makes a path that was held as `winner` has it. Where only one side has the node, all that happened below it meanwhile was
 * left alone too, so the whole subtree follows - as far as the record of the choice knows of it, which is the loser's side
 * up to `decidedThrough`.
 */
export function releaseHeld(ctx: Context, path: string, winner: Side, decidedThrough: bigint): void {
  const near = ctx.sides[winner].mirror;
  const far = ctx.sides[otherSide(winner)].mirror;
  const isDeep = ctx.heldDeep.delete(path);
  if (near.has(path) && far.has(path)) {
    if (isDeep) {
      settleNow(ctx, winner, path);
      const sweep = compareSides(ctx, [path], { source: nobody, target: nobody });
      beginComparison(ctx, sweep, () => release(ctx, path));
    } else settleHeld(ctx, winner, path, [path]);
    return;
  }
  const paths = near.has(path) ? below(ctx, near, path) : below(ctx, far, path, decidedThrough).reverse();
  settleHeld(ctx, winner, path, paths.length === 0 ? [path] : paths);
}

/** The path itself and what is below it, parents first. */
function below(ctx: Context, mirror: Mirror, path: string, changedThrough?: bigint): string[] {
  const paths: string[] = [];
  for (const node of mirror.walk(path)) {
    const isLater = changedThrough !== undefined && node.stat.mzxid > changedThrough;
    if (!isLater && ctx.scope.includes(node.path)) paths.push(node.path);
  }
  return paths;
}
