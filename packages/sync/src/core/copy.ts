/** The first copy: the target becomes what the source is, but for what its clients have done since. */
import { parentPath } from '@orchestrator/zookeeper';
import { pathsOf, placed } from './compare.ts';
import type { Context } from './context.ts';
import { isSameNode } from './kinds.ts';
import { isEphemeral } from './mirror.ts';
import { isWithin } from './scope.ts';
import { settleLater } from './settling.ts';

/** Paths looked at before their turn, remembered so as not to look at them again. */
const mostAhead = 100_000;

/** What clients of the target have done since the migration began. */
export interface TargetEvidence {
  /** Up to here it was there before, or has been dealt with. */
  readonly after: bigint;
  /** Up to here a change may also be a write of ours. */
  readonly ours: bigint;
  /** The stream told of all later changes. */
  readonly isTold: boolean;
  /** A run before this one had begun to copy. */
  readonly isResumed: boolean;
}

/** Looks at all paths; until it has, {@link lookAhead} does so for those that something else is about to write. */
export function beginCopy(ctx: Context, evidence: TargetEvidence): void {
  const losses = new Losses(ctx, evidence);
  const look = (path: string) => copyPath(ctx, path, evidence, losses);
  ctx.copying = { look, through: undefined, ahead: new Set() };
  ctx.sweeps.push(copyAll(ctx, look));
}

function* copyAll(ctx: Context, look: (path: string) => void): Generator<void> {
  let looked = 0;
  for (const path of pathsOf(ctx, ctx.scope.roots)) {
    if (path !== undefined) {
      look(path);
      if (ctx.copying !== undefined && isAfter(ctx, path, ctx.copying.through)) ctx.copying.through = path;
    }
    if (++looked % ctx.limits.compareSlice === 0) yield;
  }
  ctx.copying = undefined;
}

/**
 * While the copy goes on, the streams are carried too, and they reach paths of which nobody has said yet whether they differ,
 * and by whose doing: a change that is carried there would take the place of another unseen.
 */
export function lookAhead(ctx: Context, path: string): void {
  const { copying } = ctx;
  if (copying === undefined || copying.ahead.has(path)) return;
  if (ctx.sides.source.mirror.has(path) && !isAfter(ctx, path, copying.through)) return;
  if (copying.ahead.size >= mostAhead) copying.ahead.clear();
  copying.ahead.add(path);
  copying.look(path);
}

/** In the order of a walk: parents before their children, and these before what comes after the parent. */
function isAfter({ scope }: Pick<Context, 'scope'>, path: string, other: string | undefined): boolean {
  if (other === undefined) return true;
  const rootOf = (each: string) => scope.roots.findIndex((root) => isWithin(each, root));
  const [a, b] = [rootOf(path), rootOf(other)];
  return a === b ? path.replaceAll('/', '\0') > other.replaceAll('/', '\0') : a > b;
}

/**
 * Whether a node that is not there may have been there and been deleted. A parent does not say which children it lost, but
 * when it last lost or got one, and how many: its counter is of all that it ever got. One that was made anew itself says
 * nothing, but is mostly unlike the source's.
 */
class Losses {
  readonly #ctx: Context;
  readonly #evidence: TargetEvidence;
  #parent = '';
  #hasLost = false;

  constructor(ctx: Context, evidence: TargetEvidence) {
    this.#ctx = ctx;
    this.#evidence = evidence;
  }

  maybe(path: string): boolean {
    if (!this.#evidence.isResumed || this.#evidence.isTold) return false;
    const { mirror } = this.#ctx.sides.target;
    let parent = parentPath(path);
    while (parent !== '/' && !mirror.has(parent)) parent = parentPath(parent);
    // Siblings come one after the other.
    if (parent !== this.#parent) this.#hasLost = this.#maybeFrom(parent);
    this.#parent = parent;
    return this.#hasLost;
  }

  #maybeFrom(parent: string): boolean {
    const { source, target } = this.#ctx.sides;
    const { after } = this.#evidence;
    const node = target.mirror.get(parent);
    if (node === undefined || node.stat.pzxid <= after) return false;
    if (node.stat.cversion > target.mirror.children(parent).length) return true;
    return node.stat.czxid > after && !isSameNode(this.#ctx, parent, source.mirror.get(parent), node);
  }
}

function copyPath(ctx: Context, path: string, evidence: TargetEvidence, losses: Losses): void {
  const source = ctx.sides.source.mirror.get(path);
  const target = ctx.sides.target.mirror.get(path);
  const isOlder = source !== undefined && target !== undefined && source.stat.version > target.stat.version;
  const isSame = isSameNode(ctx, path, source, target);
  if (isSame && !isOlder) return;
  if (isSame || target === undefined) {
    // What was copied before, or came from there, and is there no more: of the two wishes none goes unrecorded.
    if (!isSame && losses.maybe(path)) settleLater(ctx, 'target', path);
    settleLater(ctx, 'source', path);
    return;
  }
  const { after, ours, isTold } = evidence;
  const isDirty = (ctx.dirty.get(path)?.target?.fields ?? 0) !== 0;
  const isChanged = isDirty || (!isTold && placed(target.stat.mzxid, after, ours) !== 'no');
  if (isChanged) settleLater(ctx, 'target', path);
  // Where it may have been on the source and is gone, both sides have changed it.
  const isNew = isChanged && placed(target.stat.czxid, after, ours) === 'yes';
  if (source === undefined && (isNew || isEphemeral(target.stat.ephemeralOwner))) return;
  settleLater(ctx, 'source', path);
}
