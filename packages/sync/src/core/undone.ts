/**
 * Decided conflicts that may not be carried out. The loser's changes are void from the moment of the decision and cursors pass
 * them, while the winner's state is still on its way: so after a crash neither stream tells of them any more, and the
 * records do.
 */
import { dataHash } from '@orchestrator/zookeeper';
import type { Context } from './context.ts';
import { isSameNode } from './kinds.ts';
import { type MirrorNode, sameAcl } from './mirror.ts';
import { settleLater } from './settling.ts';
import { type Conflict, type NodeValue, otherSide, type Side } from './types.ts';

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

/** What the run before had decided. `isTold`: the side's stream told of all that has changed since. */
export function resumeUndone(
  ctx: Context,
  conflicts: readonly Conflict[],
  isTold: Readonly<Record<Side, boolean>>,
): void {
  const last = new Map<string, Conflict>();
  for (const conflict of conflicts) {
    if (conflict.decision === 'held') continue;
    noteUndone(ctx, conflict.path, [conflict.id]);
    last.set(conflict.path, conflict);
  }
  for (const [path, conflict] of last) {
    const { source, target } = ctx.sides;
    const winner = conflict.decision === 'source' ? 'source' : 'target';
    const loser = otherSide(winner);
    if (ctx.held.has(path) || isSameNode(ctx, path, source.mirror.get(path), target.mirror.get(path))) {
      reportMoot(ctx, path);
    } else if (ctx.dirty.get(path)?.[loser] === undefined) {
      settleLater(ctx, winner, path, { carriesOut: [...(ctx.undone.get(path) ?? [])] });
      if (!isTold[loser] && !isAsRecorded(ctx.sides[loser].mirror.get(path), conflict, loser))
        settleLater(ctx, loser, path);
    }
    // Else the loser's stream tells of changes that came after the decision.
  }
}

/** Whether `loser` has what the record shows of it, or what the winner had: then nothing came after the decision. */
function isAsRecorded(node: MirrorNode | undefined, conflict: Conflict, loser: Side): boolean {
  const own = conflict[loser];
  const isOwn = node === undefined || own === null || own.version === -1 || own.version === node.stat.version;
  return (isOwn && isLike(node, own)) || isLike(node, conflict[otherSide(loser)]);
}

function isLike(node: MirrorNode | undefined, value: NodeValue | null): boolean {
  if (node === undefined || value === null) return node === undefined && value === null;
  return node.dataHash === dataHash(value.data) && sameAcl(node.acl, value.acl);
}
