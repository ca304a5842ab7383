import type { Context } from './context.ts';
import { type DirtyPath, type Pending, touches } from './dirty.ts';
import { isCopy } from './kinds.ts';
import type { MirrorNode } from './mirror.ts';
import { type ConflictDecision, otherSide, type Side } from './types.ts';

interface Decided {
  readonly decision: ConflictDecision;
  readonly reason: string;
}

/** Changes of a copy have nothing to win with once the original, or the copy's session, is gone. */
function decideForGone(
  ctx: Context,
  nodes: Readonly<Record<Side, MirrorNode | undefined>>,
  entry: DirtyPath,
): Decided | undefined {
  for (const side of ['source', 'target'] as const) {
    const far = otherSide(side);
    const owner = nodes[side]?.stat.ephemeralOwner ?? 0n;
    if (isCopy(ctx, side, owner) && deletes(entry[far])) {
      return {
        decision: far,
        reason: `changed on both sides; the ${side}'s is a copy whose original is gone`,
      };
    }
  }
  for (const side of ['source', 'target'] as const) {
    const pending = entry[side];
    if (nodes[side] === undefined && pending?.isDeleted !== true) {
      const reason = `changed on both sides; the ${side}'s went with its session`;
      return { decision: otherSide(side), reason };
    }
  }
  return undefined;
}

/** Which side's state stays, and why, when both have changed `path`. */
export function decide(
  ctx: Context,
  path: string,
  entry: DirtyPath,
  nodes: Readonly<Record<Side, MirrorNode | undefined>>,
): Decided {
  const forGone = decideForGone(ctx, nodes, entry);
  if (forGone !== undefined) return forGone;
  const chosen = ctx.choices.get(path);
  if (chosen !== undefined) return { decision: chosen, reason: `an operator chose the ${chosen}` };
  if (ctx.strategy === 'manual') return { decision: 'held', reason: 'changed on both sides' };
  if (ctx.strategy === 'source-wins')
    return { decision: 'source', reason: 'changed on both sides; source wins' };
  const source = entry.source?.lastTimeMs ?? 0;
  const target = entry.target?.lastTimeMs ?? 0;
  if (target > source)
    return { decision: 'target', reason: `the target's change of ${path} is ${target - source} ms later` };
  const reason =
    source === target
      ? 'changed on both sides in the same millisecond; source wins the tie'
      : `the source's change of ${path} is ${source - target} ms later`;
  return { decision: 'source', reason };
}

function deletes(pending: Pending | undefined): boolean {
  return ((pending?.fields ?? 0) & touches.existence) !== 0;
}
