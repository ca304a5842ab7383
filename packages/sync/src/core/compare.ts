/**
 * Where the streams cannot say what changed - a first copy, a history that is too old, a gap, a repair - the two mirrors
 * are compared path by path, and the stats are the evidence of who changed what.
 */

import { parentPath } from '@orchestrator/zookeeper';
import { type Context, isLeftAlone } from './context.ts';
import { isCopy, isSameNode } from './kinds.ts';
import { isEphemeral, type Mirror, type MirrorNode, sameAcl } from './mirror.ts';
import { settleLater } from './settling.ts';
import { otherSide, type Side } from './types.ts';

/** What is known of a side's changes. */
export interface Evidence {
  /** Changes up to here are on the other side; `undefined`: the streams told of all later ones, nothing else has changed. */
  readonly after: bigint | undefined;
  /** Up to here a change may also be a write of ours. */
  readonly ours: bigint;
}

/** In the steady stream nothing has changed that the queues do not hold: a difference is nobody's in particular. */
export const nobody: Evidence = { after: undefined, ours: 0n };

/** `maybe`: by a client, or by us. */
type Changed = 'no' | 'maybe' | 'yes';

/**
 * Each path below `roots` that is on either side, parents first; what is only on the target comes last, children first.
 * While that is looked for, `undefined` comes in its place, so that whoever asks can pause. Meanwhile the streams go on: what
 * the source gets where its walk has been already is met on the target's, perhaps for the second time.
 */
export function* pathsOf(ctx: Context, roots: readonly string[]): Generator<string | undefined> {
  const { source, target } = ctx.sides;
  const begun = source.mirror.zxid;
  for (const root of roots) {
    for (const { path } of source.mirror.walk(root)) yield ctx.scope.includes(path) ? path : undefined;
    const others: string[] = [];
    for (const { path } of target.mirror.walk(root)) {
      const node = ctx.scope.includes(path) ? source.mirror.get(path) : undefined;
      if (ctx.scope.includes(path) && node === undefined) others.push(path);
      yield node !== undefined && node.stat.czxid > begun ? path : undefined;
    }
    yield* others.reverse();
  }
}

/** Settles whatever differs, from the side that changed it; a path that both changed is contested in both directions. */
export function* compareSides(
  ctx: Context,
  roots: readonly string[],
  evidence: Readonly<Record<Side, Evidence>>,
): Generator<void> {
  let looked = 0;
  for (const path of pathsOf(ctx, roots)) {
    if (path !== undefined) comparePath(ctx, path, evidence);
    if (++looked % ctx.limits.compareSlice === 0) yield;
  }
}

function comparePath(ctx: Context, path: string, evidence: Readonly<Record<Side, Evidence>>): void {
  const nodes = { source: ctx.sides.source.mirror.get(path), target: ctx.sides.target.mirror.get(path) };
  if (isSameNode(ctx, path, nodes.source, nodes.target)) return;
  if (ctx.held.has(path) || ctx.contests.has(path)) return;
  if (isLeftAlone(ctx, path)) {
    for (const side of ['source', 'target'] as const) settleLater(ctx, side, path);
    return;
  }
  const changed = {
    source: changedOn(ctx, 'source', path, nodes, evidence.source, evidence.target),
    target: changedOn(ctx, 'target', path, nodes, evidence.target, evidence.source),
  };
  for (const side of winnersOf(changed, nodes)) settleLater(ctx, side, path);
}

function winnersOf(
  changed: Readonly<Record<Side, Changed>>,
  nodes: Readonly<Record<Side, MirrorNode | undefined>>,
): readonly Side[] {
  if (changed.source !== 'no' && changed.target !== 'no') return ['source', 'target'];
  if (changed.source !== 'no') return ['source'];
  if (changed.target !== 'no') return ['target'];
  // Nobody is known to have changed it: nothing is deleted without evidence, and of two values none goes unrecorded.
  if (nodes.source === undefined) return ['target'];
  if (nodes.target === undefined) return ['source'];
  if (
    nodes.source.stat.aversion !== nodes.target.stat.aversion &&
    nodes.source.dataHash === nodes.target.dataHash
  ) {
    return [nodes.source.stat.aversion > nodes.target.stat.aversion ? 'source' : 'target'];
  }
  return ['source', 'target'];
}

function changedOn(
  ctx: Context,
  side: Side,
  path: string,
  nodes: Readonly<Record<Side, MirrorNode | undefined>>,
  evidence: Evidence,
  otherEvidence: Evidence,
): Changed {
  if ((ctx.dirty.get(path)?.[side]?.fields ?? 0) !== 0) return 'yes';
  const { after, ours } = evidence;
  if (after === undefined) return 'no';
  const node = nodes[side];
  const theirs = nodes[otherSide(side)];
  if (node !== undefined && theirs !== undefined) {
    if (isCopy(ctx, side, node.stat.ephemeralOwner)) return changedOnCopy(node, theirs, after, ours);
    if (isCopy(ctx, otherSide(side), theirs.stat.ephemeralOwner)) return 'yes';
  }
  if (node !== undefined) {
    // A setACL leaves no zxid, but it counts.
    const isAclNewer = theirs !== undefined && node.stat.aversion > theirs.stat.aversion;
    return isAclNewer && !sameAcl(node.acl, theirs.acl) ? 'yes' : placed(node.stat.mzxid, after, ours);
  }
  // Not here: deleted, if it was here before. The parent tells of deletes, but not of which child.
  if (theirs === undefined || isEphemeral(theirs.stat.ephemeralOwner)) return 'no';
  const created = placed(theirs.stat.czxid, otherEvidence.after ?? otherEvidence.ours, otherEvidence.ours);
  if (created === 'yes') return 'no';
  if (lastDelete(ctx.sides[side].mirror, path) <= after) return 'no';
  return created === 'maybe' ? 'maybe' : 'yes';
}

/** A copy was made with what its original had, so it is the original's unless it has been written to since. */
function changedOnCopy(copy: MirrorNode, original: MirrorNode, after: bigint, ours: bigint): Changed {
  const { version, aversion, mzxid } = copy.stat;
  const written = version > 0 ? placed(mzxid, after, ours) : 'no';
  if (written !== 'no' || aversion === 0 || sameAcl(copy.acl, original.acl)) return written;
  return 'maybe';
}

export function placed(zxid: bigint, after: bigint, ours: bigint): Changed {
  if (zxid <= after) return 'no';
  return zxid <= ours ? 'maybe' : 'yes';
}

/** When the nearest ancestor that is there last lost or got a child. */
function lastDelete(mirror: Mirror, path: string): bigint {
  for (let parent = parentPath(path); ; parent = parentPath(parent)) {
    const node = mirror.get(parent);
    if (node !== undefined) return node.stat.pzxid;
    if (parent === '/') return 0n;
  }
}
