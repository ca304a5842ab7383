import { compareSides, nobody } from './compare.ts';
import type { Context } from './context.ts';
import { isWithin } from './scope.ts';
import { retryRefused } from './sequences.ts';
import { settleLater } from './settling.ts';
import { otherSide, type Side } from './types.ts';

/** Compares subtrees and repairs what differs; what a side refused there is tried again. */
export function* reconcile(ctx: Context, paths: readonly string[]): Generator<void> {
  retryRefused(ctx, paths);
  const tried = new Map<string, Side>();
  for (const side of ['source', 'target'] as const) {
    for (const path of [...ctx.refused[side].keys()]) {
      const node = path.replace(/\/\/acl$/, '');
      if (!paths.some((root) => isWithin(node, root))) continue;
      ctx.refused[side].delete(path);
      ctx.out.push({ kind: 'unblocked', side, path });
      tried.set(node, side);
    }
  }
  for (const [path, side] of tried) settleLater(ctx, otherSide(side), path);
  yield* compareSides(ctx, paths, { source: nobody, target: nobody });
}
