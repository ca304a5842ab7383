/**
 * Decided conflicts that may not be carried out. The loser's changes are void from the moment of the decision and cursors pass
 * them, while the winner's state is still on its way: so after a crash neither stream tells of them any more, and the
 * records do.
 */
import type { Context } from './context.ts';
import { isSameNode } from './kinds.ts';
import { settleLater } from './settling.ts';
import { type Conflict, otherSide, type Side } from './types.ts';

export function noteUndone(ctx: Context, path: string, ids: Iterable<string>): readonly string[] {
  const known = ctx.undone.get(path) ?? new Set();
  for (const id of ids) known.add(id);
  ctx.undone.set(path, known);
  return [...known];
}

export function reportCarriedOut(ctx: Context, path: string, ids: readonly string[]): void {
  const undone = ctx.undone.get(path);
  if (undone === undefined) return;
  const done = ids.filter((id) => undone.delete(id));
  if (undone.size === 0) ctx.undone.delete(path);
  if (done.length > 0) ctx.out.push({ kind: 'carriedOut', path, ids: done });
}

/** All that is known of the path has come to nothing: both sides have the same, or an operator is to choose. */
export function reportMoot(ctx: Context, path: string): void {
  reportCarriedOut(ctx, path, [...(ctx.undone.get(path) ?? [])]);
}

/** What the run before had decided. */
export function resumeUndone(ctx: Context, conflicts: readonly Conflict[]): void {
  const winners = new Map<string, Side>();
  for (const { id, path, decision } of conflicts) {
    if (decision === 'held') continue;
    noteUndone(ctx, path, [id]);
    winners.set(path, decision);
  }
  for (const [path, winner] of winners) {
    const { source, target } = ctx.sides;
    if (ctx.held.has(path) || isSameNode(ctx, path, source.mirror.get(path), target.mirror.get(path))) {
      reportMoot(ctx, path);
    } else if (ctx.dirty.get(path)?.[otherSide(winner)] === undefined) {
      settleLater(ctx, winner, path, { carriesOut: [...(ctx.undone.get(path) ?? [])] });
    }
    // Else the loser's stream tells of changes that came after the decision.
  }
}
