/**
 * Conflicts from the moment they are noticed until they are decided and recorded. While a path is contested, nothing is
 * planned for it in either direction.
 */
import { type Contest, type Context, seenThrough } from './context.ts';
import { dataOf } from './data-of.ts';
import { decide } from './decide.ts';
import { type DirtyPath, makeVoid, touches } from './dirty.ts';
import { isSameNode } from './kinds.ts';
import { isWriting } from './lane.ts';
import type { MirrorNode } from './mirror.ts';
import { settleLater } from './settling.ts';
import {
  type Conflict,
  type ConflictDecision,
  type NodeValue,
  otherSide,
  type Side,
  type WriteOp,
} from './types.ts';
import { reportMoot } from './undone.ts';

function idOf(path: string, { source, target }: Readonly<Record<Side, bigint>>, decision: ConflictDecision) {
  const id = `${path}@0x${source.toString(16)}-0x${target.toString(16)}`;
  return decision === 'held' ? `${id}-held` : id;
}

/** Both sides changed the path. `same`: to the same thing, so there is nothing to carry. */
export function contest(ctx: Context, path: string, entry: DirtyPath): 'same' | 'wait' {
  if (isOnItsWay(ctx, path)) return 'wait';
  const nodes = nodesAt(ctx, path);
  if (isSameNode(ctx, path, nodes.source, nodes.target)) {
    makeVoid(entry.source);
    makeVoid(entry.target);
    reportMoot(ctx, path);
    levelVersions(ctx, path, nodes);
    return 'same';
  }
  const { decision, reason } = decide(ctx, path, entry, nodes);
  open(ctx, path, 'changes', decision, reason, zxidsOf(entry));
  return 'wait';
}

/** The same content, reached in more steps on one side than on the other. */
function levelVersions(ctx: Context, path: string, nodes: Record<Side, MirrorNode | undefined>): void {
  const ahead = (nodes.source?.stat.version ?? 0) - (nodes.target?.stat.version ?? 0);
  if (ahead !== 0) settleLater(ctx, ahead > 0 ? 'source' : 'target', path);
}

/**
 * `keeper` has children at `path` that the other side has not seen, which deleted it or has an ephemeral there: the node is
 * restored there.
 */
export function contestDelete(ctx: Context, path: string, keeper: Side): void {
  if (isOnItsWay(ctx, path)) return;
  const entry = ctx.dirty.get(path);
  const far = otherSide(keeper);
  const reason = ctx.sides[far].mirror.has(path)
    ? `an ephemeral on the ${far} while it has children on the ${keeper}; an ephemeral cannot have any`
    : `deleted on the ${far} while it has children on the ${keeper}; a delete never takes unseen children along`;
  open(ctx, path, 'delete', keeper, reason, zxidsOf(entry));
}

/** The path cannot be decided before another one is. */
export function contestHeld(ctx: Context, path: string, reason: string): void {
  if (isOnItsWay(ctx, path)) return;
  open(ctx, path, 'changes', 'held', reason, zxidsOf(ctx.dirty.get(path)));
}

/** Carries out what the operator has chosen for a held path, once that is on record. */
export function contestResolution(ctx: Context, path: string, winner: Side): void {
  const held = ctx.held.get(path);
  if (held === undefined || ctx.contests.has(path) || isOnItsWay(ctx, path)) return;
  const nodes = nodesAt(ctx, path);
  const source = nodeValue(ctx, 'source', path, nodes.source);
  const target = nodeValue(ctx, 'target', path, nodes.target);
  if (source === undefined || target === undefined) return;
  const reason = `an operator chose the ${winner}`;
  // All that has happened to the path, and below it, while it was held is decided with it.
  const lastZxids = { source: seenThrough(ctx.sides.source), target: seenThrough(ctx.sides.target) };
  const id = idOf(path, lastZxids, winner);
  const conflict: Conflict = { ...held, id, source, target, decision: winner, reason };
  ctx.contests.set(path, {
    conflict,
    kind: 'resolution',
    lastZxids,
    loserSeqs: loserSeqsOf(ctx, path, winner),
    ids: [id],
    unrecorded: new Set([id]),
    isRecorded: false,
  });
  ctx.out.push({ kind: 'recordConflict', conflict });
}

/** A write of ours from `from` is in the far side's stream; it may have taken the place of a change that we had not seen. */
export function noteOverwritten(
  ctx: Context,
  op: { readonly kind: WriteOp['kind'] | 'setAcl'; readonly path: string },
  from: Side,
): void {
  const { path } = op;
  const entry = ctx.dirty.get(path);
  const loser = otherSide(from);
  const pending = entry?.[loser];
  if (entry === undefined || pending === undefined || (pending.fields & fieldsOf(op.kind)) === 0) return;
  const reason = `changed on the ${loser} at the same moment as the ${from}'s change arrived there`;
  const nodes = nodesAt(ctx, path);
  const zxids = zxidsOf(entry);
  // Several writes of ours over the same change.
  const before = ctx.contests.get(path);
  const isKnown = before?.conflict.id === idOf(path, zxids, from) && before.conflict.decision === from;
  if (before?.kind === 'overwritten' && isKnown) return;
  const lost: NodeValue = {
    data: pending.data ?? null,
    acl: nodes[loser]?.acl ?? [],
    version: -1,
    aversion: -1,
    mzxid: pending.lastZxid,
    timeMs: pending.lastTimeMs,
  };
  const kept = nodeValue(ctx, from, path, nodes[from]) ?? null;
  const values = from === 'source' ? { source: kept, target: lost } : { source: lost, target: kept };
  record(ctx, path, 'overwritten', from, reason, zxids, values);
}

/** The contest of `path`; a restoration ends when its loser has changed the path again, which is another conflict. */
export function openContest(ctx: Context, path: string): Contest | undefined {
  const found = ctx.contests.get(path);
  if (found === undefined || !found.isRecorded || found.conflict.decision === 'held') return found;
  const loser = otherSide(found.conflict.decision);
  const lastSeq = ctx.dirty.get(path)?.[loser]?.lastSeq ?? -1;
  if (lastSeq <= found.loserSeqs[loser]) return found;
  ctx.contests.delete(path);
  return undefined;
}

/** Whether a lane may plan `path` although it is contested: a restoration goes the keeper's way, the other has to wait. */
export function mayPass(found: Contest, from: Side): boolean {
  return found.isRecorded && found.kind === 'delete' && from === found.conflict.decision;
}

function isOnItsWay(ctx: Context, path: string): boolean {
  for (const side of ['source', 'target'] as const) {
    if (isWriting(ctx.lanes[side], path)) return true;
    const copy = ctx.copies[side].get(path);
    if (copy !== undefined && copy.state !== 'waiting') return true;
  }
  return false;
}

function nodesAt(ctx: Context, path: string): Record<Side, MirrorNode | undefined> {
  return { source: ctx.sides.source.mirror.get(path), target: ctx.sides.target.mirror.get(path) };
}

export const zxidsOf = (entry: DirtyPath | undefined): Record<Side, bigint> => ({
  source: entry?.source?.lastZxid ?? 0n,
  target: entry?.target?.lastZxid ?? 0n,
});

function fieldsOf(kind: WriteOp['kind'] | 'setAcl'): number {
  if (kind === 'setData') return touches.data;
  return kind === 'setAcl' ? touches.acl : touches.all;
}

/** Records the conflict once both values are at hand. */
function open(
  ctx: Context,
  path: string,
  kind: Contest['kind'],
  decision: ConflictDecision,
  reason: string,
  zxids: Record<Side, bigint>,
): void {
  const nodes = nodesAt(ctx, path);
  const source = nodeValue(ctx, 'source', path, nodes.source);
  const target = nodeValue(ctx, 'target', path, nodes.target);
  if (source === undefined || target === undefined) return;
  record(ctx, path, kind, decision, reason, zxids, { source, target });
}

function record(
  ctx: Context,
  path: string,
  kind: Contest['kind'],
  decision: ConflictDecision,
  reason: string,
  lastZxids: Record<Side, bigint>,
  values: Record<Side, NodeValue | null>,
): void {
  const conflict: Conflict = {
    id: idOf(path, lastZxids, decision),
    path,
    ...values,
    strategy: ctx.strategy,
    decision,
    reason,
  };
  let loserSeqs = decision === 'held' ? noSeqs : loserSeqsOf(ctx, path, decision);
  const unrecorded = new Set([conflict.id]);
  const ids = new Set([conflict.id]);
  const before = ctx.contests.get(path);
  if (before?.kind === 'overwritten') {
    // What was overwritten before stays so, and has to be on record too.
    for (const id of before.unrecorded) unrecorded.add(id);
    for (const id of before.ids) ids.add(id);
    const latest = (side: Side) => Math.max(loserSeqs[side], before.loserSeqs[side]);
    loserSeqs = { source: latest('source'), target: latest('target') };
  }
  ctx.contests.set(path, {
    conflict,
    kind,
    lastZxids,
    loserSeqs,
    ids: [...ids],
    unrecorded,
    isRecorded: false,
  });
  ctx.out.push({ kind: 'recordConflict', conflict });
}

const noSeqs: Readonly<Record<Side, number>> = { source: -1, target: -1 };

function loserSeqsOf(ctx: Context, path: string, winner: Side): Readonly<Record<Side, number>> {
  const loser = otherSide(winner);
  return { ...noSeqs, [loser]: ctx.dirty.get(path)?.[loser]?.lastSeq ?? -1 };
}

/** `undefined`: the data is on its way; `null`: no such node. */
function nodeValue(
  ctx: Context,
  side: Side,
  path: string,
  node: MirrorNode | undefined,
): NodeValue | null | undefined {
  if (node === undefined) return null;
  const found = dataOf(ctx, side, path, node);
  if (!found.known && found.failed === undefined) return undefined;
  const { version, aversion, mzxid, mtime } = node.stat;
  return { data: found.known ? found.data : null, acl: node.acl, version, aversion, mzxid, timeMs: mtime };
}
