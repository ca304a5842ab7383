/**
 * What becomes of batches: applied, failed, or unknown. After a failure nothing is sent until every answer is in, the
 * outcome of unknown ones is settled by the cursor, and the far side's stream has passed the failure; then the mirror holds
 * whatever got in the way and the same transactions are planned again.
 */

import { dataHash, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import { encodeCursor } from '../znodes.ts';
import { noteOverwritten } from './contests.ts';
import type { Context } from './context.ts';
import { forgetCopies, retryCopies } from './ephemerals.ts';
import { showOwn } from './findings.ts';
import { isCopy } from './kinds.ts';
import { type Batch, createBatch, type Lane } from './lane.ts';
import type { Mirror } from './mirror.ts';
import { isGapPath, refuseRaise } from './raise.ts';
import { isFinal, refuse } from './refused.ts';
import { complete, keepCovered } from './send.ts';
import { aclKey } from './settle.ts';
import { settleNow } from './settling.ts';
import { type Cursor, otherSide, type Side, type WriteOp } from './types.ts';

function find(lane: Lane, id: number): Batch | undefined {
  return lane.batches.find((batch) => batch.id === id);
}

export function onApplied(ctx: Context, side: Side, id: number, zxid: bigint): void {
  const lane = ctx.lanes[otherSide(side)];
  const batch = find(lane, id);
  if (batch === undefined) return;
  batch.reply = 'applied';
  batch.zxid = zxid;
  for (const work of batch.works) lane.unsettled.delete(work);
  const here = ctx.sides[side];
  if (!here.traits.hasHistory) showOwn(here, asTxn(batch, zxid));
  if (batch.kind === 'acl') {
    if (here.traits.hasHistory) raiseBarrier(lane, zxid);
    lane.gate = 'barrier';
  } else {
    confirm(lane, batch);
    if (batch.kind === 'claim') {
      lane.fenceVersion++;
      lane.isClaimed = true;
      lane.batches = lane.batches.filter((other) => other !== batch);
      for (const other of lane.batches) {
        if (other.kind === 'multi' && other.reply === 'unknown') other.reply = 'failed';
      }
      raiseBarrier(lane, zxid);
      lane.gate = 'barrier';
      askForRefresh(ctx, lane);
    }
  }
  completeApplied(ctx, lane);
  whenDrained(ctx, lane);
}

/** Batches whose echo will not come any more: there was a gap, or this side's capture shows none. */
function completeApplied(ctx: Context, lane: Lane): void {
  const { position, traits } = ctx.sides[lane.to];
  for (const batch of [...lane.batches]) {
    const isPast = !traits.hasHistory || batch.zxid <= position;
    if (batch.kind === 'multi' && batch.reply === 'applied' && isPast) completeBatch(ctx, lane, batch);
  }
}

/**
 * The echoes of what was applied before a gap's end were missed. The cursor znode says which multis these are: the one that
 * wrote it, and all before. `before` is brought up to them, so that what else differs from `now` is somebody else's.
 */
export function completeMissed(ctx: Context, lane: Lane, before: Mirror, now: Mirror): void {
  const cursor = now.get(ctx.znodes.cursor);
  const last = lane.batches.findLast(
    (batch) =>
      batch.kind === 'multi' &&
      batch.reply !== 'failed' &&
      dataHash(encodeCursor(batch.cursor)) === cursor?.dataHash,
  );
  for (const batch of [...lane.batches]) {
    const isShown = last !== undefined && batch.id <= last.id;
    const isApplied = isShown || (batch.reply === 'applied' && batch.zxid <= now.zxid);
    if (batch.kind !== 'multi' || batch.reply === 'failed' || !isApplied) continue;
    before.apply(asTxn(batch, before.zxid + 1n));
    completeBatch(ctx, lane, batch);
  }
}

/** What an observer would have shown: a side without history learns of our writes from their answers. */
function asTxn(batch: Batch, zxid: bigint): Txn {
  const timeMs = batch.works.at(-1)?.timeMs ?? 0;
  const ops = batch.ops.map(asTxnOp);
  if (batch.acl !== undefined) {
    const { path, acl, aversion } = batch.acl;
    ops.push({ kind: 'setAcl', path, acl, aversion: aversion + 1 });
  }
  return { zxid, sessionId: 0n, cxid: 0, timeMs, ops };
}

const ownerOf: Readonly<Record<'persistent' | 'container' | 'ttl', bigint>> = {
  persistent: 0n,
  container: -0x8000_0000_0000_0000n,
  ttl: -0x0100_0000_0000_0000n,
};

function asTxnOp(op: WriteOp): TxnOp {
  if (op.kind === 'setData') return { ...op, version: op.version + 1 };
  if (op.kind === 'delete') return { kind: 'delete', path: op.path };
  if (op.kind === 'check') return { kind: 'none' };
  const ephemeralOwner = ownerOf[op.mode] + BigInt(op.ttlMs ?? 0);
  return { kind: 'create', path: op.path, data: op.data, acl: op.acl, ephemeralOwner, parentCversion: -1 };
}

export function onApplyFailed(
  ctx: Context,
  side: Side,
  failure: { batch: number; index: number; code: string; zxid: bigint },
): void {
  const lane = ctx.lanes[otherSide(side)];
  const batch = find(lane, failure.batch);
  if (batch === undefined) return;
  const isFirst = lane.gate === 'open' || lane.gate === 'acl' || lane.gate === 'claiming';
  batch.reply = 'failed';
  raiseBarrier(lane, failure.zxid);
  if (isFirst) {
    lane.gate = 'draining';
    // Cursor or fence are not as expected, though nothing of ours failed before: somebody else has written them.
    const isFence = batch.ops[failure.index - 1]?.kind === 'check';
    if (failure.index === 0 || isFence || batch.kind === 'claim') lane.mustRead = true;
    else noteCause(ctx, lane, batch, failure.index, failure.code);
  }
  whenDrained(ctx, lane);
}

export function onApplyUnknown(ctx: Context, side: Side, id: number): void {
  const lane = ctx.lanes[otherSide(side)];
  const batch = find(lane, id);
  if (batch === undefined) return;
  batch.reply = 'unknown';
  lane.mustRead = true;
  if (lane.gate !== 'reading' && lane.gate !== 'barrier') lane.gate = 'draining';
  whenDrained(ctx, lane);
}

/** Answers and echoes of the same batches come in any order. */
function confirm(lane: Lane, batch: Batch): void {
  if (batch.cursorVersion <= lane.confirmedVersion) return;
  lane.confirmedVersion = batch.cursorVersion;
  lane.confirmed = batch.cursor;
}

function raiseBarrier(lane: Lane, zxid: bigint): void {
  if (zxid > lane.barrierZxid) lane.barrierZxid = zxid;
}

/** Blocks the path if this failure is one that no waiting mends. */
function noteCause(ctx: Context, lane: Lane, batch: Batch, index: number, code: string): void {
  const op: WriteOp | undefined = batch.ops[index - 1];
  const path = batch.acl === undefined ? op?.path : aclKey(batch.acl.path);
  if (path === undefined) return;
  const again = lane.failure?.path === path && lane.failure.code === code ? lane.failure.times : 0;
  lane.failure = { path, code, times: again + 1 };
  if (isFinal(code) || lane.failure.times >= ctx.limits.maxAttempts) {
    lane.failure = undefined;
    if (isGapPath(path)) refuseRaise(ctx, path, code);
    else refuse(ctx, lane.to, path, code);
  }
}

function whenDrained(ctx: Context, lane: Lane): void {
  if (lane.gate !== 'draining') return;
  if (lane.batches.some((batch) => batch.reply === 'none' && !batch.echoed)) return;
  if (lane.mustRead) {
    lane.mustRead = false;
    lane.gate = 'reading';
    ctx.out.push({ kind: 'readCursor', side: lane.to });
    return;
  }
  const failed = lane.batches.find((batch) => batch.reply === 'failed');
  if (failed !== undefined) lane.cursorVersion = failed.cursorVersion;
  lane.gate = 'barrier';
  askForRefresh(ctx, lane);
}

function askForRefresh(ctx: Context, lane: Lane): void {
  if (ctx.sides[lane.to].traits.hasHistory) return;
  const paths = new Set<string>();
  for (const batch of lane.batches) {
    for (const op of batch.ops) paths.add(op.path);
    if (batch.acl !== undefined) paths.add(batch.acl.path);
  }
  ctx.out.push({ kind: 'refresh', side: lane.to, zxid: lane.barrierZxid, paths: [...paths] });
}

/** Returns false when this run has been deposed. */
export function onCursorRead(
  ctx: Context,
  side: Side,
  read: { cursor: Cursor; version: number; fenceVersion: number; zxid: bigint },
): boolean {
  const lane = ctx.lanes[otherSide(side)];
  if (read.cursor.term > ctx.term) return false;
  if (lane.gate !== 'reading') return true;
  // Read once more because the answer to the claim was lost, it says what this run wrote.
  if (read.cursor.term < ctx.term) {
    lane.lastOwnZxid = read.zxid;
    lane.isResumed = read.cursor.term > 0;
  }
  if (read.cursor.term === ctx.term) settleUnknown(ctx, lane, read);
  lane.cursorVersion = read.version;
  lane.fenceVersion = read.fenceVersion;
  lane.cursor = { ...read.cursor, term: ctx.term };
  claim(ctx, lane);
  return true;
}

/**
 * The cursor says which of those without an answer were applied: the one that wrote it, and all before. A claim found the
 * cursor as it had been read: what was open then has not been applied, and cannot be any more.
 */
function settleUnknown(ctx: Context, lane: Lane, read: { cursor: Cursor; zxid: bigint }): void {
  const far = ctx.sides[lane.to];
  const isClaim = lane.batches.some(({ id, kind }) => kind === 'claim' && id === read.cursor.multi);
  for (const batch of lane.batches) {
    if (batch.kind !== 'multi' || batch.reply !== 'unknown' || batch.id > read.cursor.multi) continue;
    batch.reply = isClaim ? 'failed' : 'applied';
    batch.zxid = read.zxid;
    if (!isClaim && !far.traits.hasHistory) showOwn(far, asTxn(batch, read.zxid));
  }
}

/** Writes the cursor as it is under our term, and moves the fence: nothing sent before can be applied after. */
function claim(ctx: Context, lane: Lane): void {
  const id = ctx.nextId++;
  const { cursorVersion } = lane;
  const cursor = { ...lane.cursor, multi: id };
  const data = Buffer.from(String(ctx.term));
  const ops: WriteOp[] = [{ kind: 'setData', path: ctx.znodes.fence, data, version: lane.fenceVersion }];
  lane.batches.push(createBatch({ id, kind: 'claim', cursor, cursorVersion, ops }));
  lane.cursorVersion++;
  lane.gate = 'claiming';
  ctx.out.push({ kind: 'apply', side: lane.to, batch: id, cursor, cursorVersion, ops });
}

/** Opens the gate once the far stream has passed all that the failure was about. */
export function passBarrier(ctx: Context, lane: Lane): void {
  retryCopies(ctx, lane);
  if (lane.gate !== 'barrier' || ctx.sides[lane.to].position < lane.barrierZxid) return;
  completeApplied(ctx, lane);
  // Whatever was applied has been seen by now: of unknown ones, what is left was not.
  const failed = lane.batches;
  if (failed[0] !== undefined) forgetCopies(ctx, lane, failed[0].id);
  lane.queue.unshiftAll(failed.flatMap((batch) => batch.works));
  lane.batches = [];
  lane.predicted.clear();
  lane.covered.clear();
  lane.cursor = lane.confirmed;
  lane.gate = 'open';
}

/**
 * The far side's stream shows the cursor written by this run. False when it is none that we know to be on its way.
 */
export function onEcho(
  ctx: Context,
  side: Side,
  echo: { cursor: Cursor; txn: Txn; arrivedMs: number },
): boolean {
  const lane = ctx.lanes[otherSide(side)];
  const batch = lane.batches.find((other) => other.kind !== 'acl' && other.id === echo.cursor.multi);
  if (batch === undefined || batch.kind === 'claim') return batch !== undefined;
  for (const op of batch.ops) noteOverwritten(ctx, op, lane.from);
  completeBatch(ctx, lane, batch, echo);
  whenDrained(ctx, lane);
  return true;
}

function completeBatch(
  ctx: Context,
  lane: Lane,
  batch: Batch,
  echo?: { readonly txn: Txn; readonly arrivedMs: number },
): void {
  batch.echoed = true;
  confirm(lane, batch);
  lane.batches = lane.batches.filter((other) => other !== batch);
  for (const op of batch.ops) {
    lane.predicted.confirm(op.path, batch.id);
    if (op.path === lane.failure?.path) lane.failure = undefined;
    keepCovered(ctx, lane, op.path, batch.id);
    if (op.kind === 'delete') dropOrphan(ctx, lane, op.path);
  }
  reportSynced(ctx, lane, batch, echo);
  complete(ctx, lane, batch.works, batch.id);
}

/** A copy that was made again, by a request sent twice, after a client had deleted it and with it the original. */
function dropOrphan(ctx: Context, lane: Lane, path: string): void {
  const owner = ctx.sides[lane.from].mirror.get(path)?.stat.ephemeralOwner ?? 0n;
  if (isCopy(ctx, lane.from, owner) && !ctx.sides[lane.to].mirror.has(path)) settleNow(ctx, lane.to, path);
}

function reportSynced(
  ctx: Context,
  lane: Lane,
  batch: Batch,
  echo: { readonly txn: Txn; readonly arrivedMs: number } | undefined,
): void {
  const lagMs: number[] = [];
  const commitLagMs: number[] = [];
  for (const work of batch.works) {
    if (!work.movesCursor || work.ops.length === 0) continue;
    lagMs.push((echo?.arrivedMs ?? ctx.arrivedMs) - work.arrivedMs);
    if (echo !== undefined) commitLagMs.push(echo.txn.timeMs - work.timeMs);
  }
  if (lagMs.length > 0)
    ctx.out.push({ kind: 'synced', from: lane.from, changes: lagMs.length, lagMs, commitLagMs });
}
