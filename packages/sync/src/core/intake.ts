/** What a stream brings: an echo of ours, or a change of a client that has to travel. */
import type { Txn, TxnOp } from '@orchestrator/zookeeper';
import { decodeCursor } from '../znodes.ts';
import { onEcho } from './answers.ts';
import { noteOverwritten } from './contests.ts';
import type { Context, SideContext } from './context.ts';
import { touches } from './dirty.ts';
import { onCopiesLost, onCopyEcho } from './ephemerals.ts';
import { nextTold, showFound } from './findings.ts';
import { enqueue, isWriting, type Work, type WorkOp } from './lane.ts';
import { isEphemeral } from './mirror.ts';
import { isGapPath } from './raise.ts';
import { noteSequences } from './sequences.ts';
import { forgetMirrorSession } from './sessions.ts';
import { settleLater } from './settling.ts';
import { otherSide, type Side } from './types.ts';

/** Takes in one transaction. `isReplay`: of a window, so the mirror holds it already. Returns a higher term if it shows one. */
export function observe(
  ctx: Context,
  side: Side,
  txn: Txn,
  arrivedMs: number,
  isReplay = false,
): number | undefined {
  const here = ctx.sides[side];
  const closed = closedPaths(here, txn, isReplay);
  if (!isReplay) here.mirror.apply(txn);
  if (txn.zxid > here.position) here.position = txn.zxid;
  const mark = ownMark(ctx, txn);
  if (mark === undefined && !here.ownSessions.has(txn.sessionId) && !here.mirrorSessions.has(txn.sessionId)) {
    if (txn.zxid > here.lastNoteworthy) here.lastNoteworthy = txn.zxid;
    takeIn(ctx, side, txn, closed, arrivedMs);
    return undefined;
  }
  if (mark?.kind === 'setData' && mark.path === ctx.znodes.cursor) {
    const cursor = decodeCursor(mark.data, mark.path);
    if (cursor.term > ctx.term) return cursor.term;
    const echo = { cursor, txn, arrivedMs };
    if (cursor.term === ctx.term && onEcho(ctx, side, echo)) return undefined;
  }
  onOwnWrite(ctx, side, txn, closed, isReplay);
  return undefined;
}

/** The op that makes a transaction ours. It is the first of a multi, or follows a check. */
function ownMark(ctx: Context, txn: Txn): TxnOp | undefined {
  for (const op of txn.ops) {
    if (op.kind === 'none') continue;
    const isMark = op.kind === 'setData' && (op.path === ctx.znodes.cursor || op.path === ctx.znodes.mark);
    return isMark ? op : undefined;
  }
  return undefined;
}

/** What goes with a session; servers of 3.4 and 3.5 do not say. */
function closedPaths(here: SideContext, txn: Txn, isReplay: boolean): readonly string[] {
  const op = txn.ops[0];
  if (op?.kind !== 'closeSession') return [];
  const known = isReplay ? [] : here.mirror.ephemeralsOf(txn.sessionId);
  return [...new Set([...(op.paths ?? []), ...known])];
}

/** A client's transaction: marks its paths dirty and queues it for the other side. */
export function takeIn(
  ctx: Context,
  side: Side,
  txn: Txn,
  closed: readonly string[],
  arrivedMs: number,
  ended?: bigint,
): void {
  const { zxid, timeMs } = txn;
  const ops: WorkOp[] = [];
  for (const op of txn.ops) {
    if (op.kind === 'create' || op.kind === 'delete' || op.kind === 'setData' || op.kind === 'setAcl') {
      if (ctx.scope.includes(op.path)) ops.push(op);
    }
  }
  for (const path of closed) {
    if (isCarried(ctx, side, path, txn.sessionId)) ops.push({ kind: 'expire', path, session: txn.sessionId });
  }
  const endsSession = txn.ops[0]?.kind === 'closeSession' ? txn.sessionId : ended;
  const ends = endsSession !== undefined && ctx.sides[otherSide(side)].mirrorOf.has(endsSession);
  if (ops.length === 0 && !ends) return;
  noteSequences(ctx, ops);
  const lane = ctx.lanes[side];
  const seq = ctx.nextId++;
  for (const op of ops) markDirty(ctx, side, op, { seq, zxid, timeMs });
  const work: Work = { seq, zxid, timeMs, arrivedMs, ops, movesCursor: true };
  enqueue(lane, ends ? { ...work, endsSession } : work, ctx.isComparing);
  if (!lane.isPressed && lane.backlog > ctx.limits.maxBacklog) {
    lane.isPressed = true;
    ctx.out.push({ kind: 'pressure', side, on: true });
  }
}

/**
 * Whether a node that went with a client's session has a copy on the other side, or may be getting one. If it has not, the
 * session was one of ours that nobody remembers, and what went was itself a copy.
 */
function isCarried(ctx: Context, side: Side, path: string, session: bigint): boolean {
  if (!ctx.scope.includes(path)) return false;
  if (ctx.dirty.get(path)?.[side] !== undefined) return true;
  const far = ctx.sides[otherSide(side)];
  const owner = far.mirror.get(path)?.stat.ephemeralOwner;
  return owner === 0n ? ctx.scope.isElectionMember(path) : owner === far.mirrorOf.get(session);
}

function markDirty(
  ctx: Context,
  side: Side,
  op: WorkOp,
  when: { readonly seq: number; readonly zxid: bigint; readonly timeMs: number },
): void {
  const { seq, zxid, timeMs } = when;
  switch (op.kind) {
    case 'setData':
      ctx.dirty.mark(side, op.path, { seq, zxid, timeMs, fields: touches.data, data: op.data });
      break;
    case 'create':
      ctx.dirty.mark(side, op.path, { seq, zxid, timeMs, fields: touches.all, data: op.data });
      break;
    case 'setAcl':
      ctx.dirty.mark(side, op.path, { seq, zxid, timeMs, fields: touches.acl });
      break;
    default: {
      const isDelete = op.kind === 'delete';
      ctx.dirty.mark(side, op.path, { seq, zxid, timeMs, fields: touches.all, isDelete });
    }
  }
}

/** A write of ours that is no batch in flight: a copy, a setACL, or something sent by a run before this one. */
function onOwnWrite(ctx: Context, side: Side, txn: Txn, closed: readonly string[], isReplay: boolean): void {
  const from = otherSide(side);
  if (txn.ops[0]?.kind === 'closeSession') {
    forgetMirrorSession(ctx.sides[side], txn.sessionId);
    onCopiesLost(ctx, side, closed);
    return;
  }
  for (const op of txn.ops) {
    if (op.kind !== 'create' && op.kind !== 'delete' && op.kind !== 'setData' && op.kind !== 'setAcl')
      continue;
    if (!ctx.scope.includes(op.path) || isGapPath(op.path)) continue;
    const isCopied = op.kind === 'create' && isEphemeral(op.ephemeralOwner);
    noteOverwritten(ctx, op, from);
    if (isReplay) continue;
    if (isCopied) onCopyEcho(ctx, side, op.path);
    else if (!isWriting(ctx.lanes[from], op.path)) settleLater(ctx, from, op.path);
  }
}

/** The same before this run has claimed both sides: the mirrors are compared then, so they have to be right, and that is all. */
export function foldInFindings(ctx: Context, side: Side): void {
  for (let told = nextTold(ctx, side); told !== undefined; told = nextTold(ctx, side)) {
    showFound(ctx.sides[side], { ...told.txn, ops: [...told.own, ...told.txn.ops] });
  }
}

/** Takes in what a capture without history has told, as far as nothing of ours is in the way. */
export function takeFindings(ctx: Context, side: Side): void {
  for (let told = nextTold(ctx, side); told !== undefined; told = nextTold(ctx, side)) {
    const here = ctx.sides[side];
    const { txn, own } = told;
    const copiesGone: string[] = [];
    let ended: bigint | undefined;
    for (const op of txn.ops) {
      if (op.kind !== 'delete') continue;
      const owner = here.mirror.get(op.path)?.stat.ephemeralOwner ?? 0n;
      if (here.mirrorSessions.has(owner)) copiesGone.push(op.path);
      else if (ctx.sides[otherSide(side)].mirrorOf.has(owner)) ended = owner;
    }
    showFound(here, { ...txn, ops: [...own, ...txn.ops] });
    if (txn.zxid > here.lastNoteworthy) here.lastNoteworthy = txn.zxid;
    for (const op of own) if (op.kind === 'create') onCopyEcho(ctx, side, op.path);
    // Whether a client deleted a copy or its session ended cannot be told apart: without evidence nothing is carried back.
    onCopiesLost(ctx, side, copiesGone);
    // What stands in its place since is a client's.
    const ops = txn.ops.filter((op) => op.kind !== 'delete' || !copiesGone.includes(op.path));
    const isEnded = ended !== undefined && here.mirror.ephemeralsOf(ended).length === 0;
    takeIn(ctx, side, { ...txn, ops }, [], ctx.arrivedMs, isEnded ? ended : undefined);
  }
}
