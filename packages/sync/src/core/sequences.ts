/**
 * Each side numbers the sequential children of a parent from a counter of its own: the creates below it so far. So that
 * no number is given out twice, the target's is kept above the source's by a gap. This file knows which parents that is
 * about; `raise.ts` raises them.
 *
 * What is created on one side is created on the other, which moves both counters alike. Only what is gone before it was
 * carried does not, and slowly uses up the gap.
 */
import { parentPath } from '@orchestrator/zookeeper';
import type { Context, Sequences } from './context.ts';
import type { WorkOp } from './lane.ts';
import { isWithin } from './scope.ts';

/** Parents remembered; one that was forgotten is looked at again with its next child. */
const mostParents = 100_000;
/** Parents that wait to be raised, beyond which the survey pauses. */
const mostPending = 10_000;

export const createSequences = (gap: number): Sequences => ({
  gap,
  parents: new Map(),
  pending: new Map(),
  awaited: new Set(),
  refused: new Set(),
  survey: undefined,
});

/** Whether a name ends in the ten digits that servers append. */
export const isSequential = (path: string): boolean => /[0-9]{10}$/.test(path);

/** Takes notice of what clients of either side create. */
export function noteSequences(ctx: Context, ops: readonly WorkOp[]): void {
  const { gap, parents } = ctx.sequences;
  if (gap === 0) return;
  for (const op of ops) {
    if (op.kind !== 'create') continue;
    if (isSequential(op.path)) noteParent(ctx, parentPath(op.path));
    // Made anew, its counter begins anew.
    const isParent = parents.has(op.path) || ctx.scope.electionGroups.includes(op.path);
    if (isParent) noteParent(ctx, op.path, true);
  }
}

function noteParent(ctx: Context, parent: string, mustLook = false): void {
  const { gap, parents, pending, refused } = ctx.sequences;
  const creates = parents.get(parent);
  if (creates === undefined && (refused.has(parent) || !ctx.scope.includes(parent))) return;
  const isDue = mustLook || creates === undefined || creates + 1 >= gap / 16;
  if (isDue && !pending.has(parent)) pending.set(parent, 'look');
  parents.set(parent, isDue ? 0 : creates + 1);
  if (parents.size <= mostParents) return;
  for (const oldest of parents.keys()) {
    parents.delete(oldest);
    return;
  }
}

/** Begins to look for parents in the whole tree: what no stream told of. */
export function startSurvey(ctx: Context): void {
  if (ctx.sequences.gap > 0) ctx.sequences.survey = findParents(ctx);
}

/** One slice of the survey. */
export function continueSurvey(ctx: Context): void {
  const { sequences, out } = ctx;
  // Goes on with the answers to what is being raised.
  if (sequences.survey === undefined || sequences.pending.size >= mostPending) return;
  if (sequences.survey.next().done === true) sequences.survey = undefined;
  else out.push({ kind: 'proceed' });
}

/**
 * Election groups are raised whether they have members or not: the first member on the target must sort after all those on
 * the source.
 */
function* findParents(ctx: Context): Generator<void> {
  const { pending } = ctx.sequences;
  for (const group of ctx.scope.electionGroups) noteParent(ctx, group, true);
  let looked = 0;
  let last: string | undefined;
  for (const root of ctx.scope.roots) {
    for (const { path } of ctx.sides.source.mirror.walk(root)) {
      if (isSequential(path) && ctx.scope.includes(path)) {
        const parent = parentPath(path);
        if (parent !== last) noteParent(ctx, parent, true);
        last = parent;
      }
      if (++looked % ctx.limits.compareSlice === 0 || pending.size >= mostPending) yield;
    }
  }
}

/** The parent's counter stays as it is, and the ledger says why. */
export function leaveApart(ctx: Context, parent: string, why: string): void {
  const { parents, pending, refused } = ctx.sequences;
  parents.delete(parent);
  pending.delete(parent);
  refused.add(parent);
  const what = "sequence counter not raised on the target: names of the two sides' children may collide";
  ctx.out.push({ kind: 'ledger', path: parent, what, why });
}

/** Parents below `paths` that were refused are tried again by the survey that follows. */
export function retryRefused(ctx: Context, paths: readonly string[]): void {
  const { refused } = ctx.sequences;
  for (const parent of [...refused]) if (paths.some((root) => isWithin(parent, root))) refused.delete(parent);
}
