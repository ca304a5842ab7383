import type { Context } from './context.ts';
import { isOriginal } from './kinds.ts';
import { isEphemeral } from './mirror.ts';
import { removeLater } from './settling.ts';
import { otherSide } from './types.ts';

/** The persistent copies of election members go, each side keeps its own members. */
export function* removeElectionCopies(ctx: Context): Generator<void> {
  for (const side of ['source', 'target'] as const) {
    const far = ctx.sides[otherSide(side)];
    for (const group of ctx.scope.electionGroups) {
      for (const path of ctx.sides[side].mirror.children(group)) {
        const owner = ctx.sides[side].mirror.get(path)?.stat.ephemeralOwner ?? 0n;
        const copy = far.mirror.get(path);
        if (copy === undefined || isEphemeral(copy.stat.ephemeralOwner)) continue;
        if (isOriginal(ctx, side, owner)) removeLater(ctx, side, path);
      }
      yield;
    }
  }
}
