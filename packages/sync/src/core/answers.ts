/**
 * What becomes of batches: applied, failed, or unknown. After a failure nothing is sent until every answer is in, the
 * outcome of unknown ones is settled by the cursor, and the far side's stream has passed the failure; then the mirror holds
 * whatever got in the way and the same transactions are planned again.
 */

import type { Txn } from '@orchestrator/zookeeper';
import { noteOverwritten } from './contests.ts';
import type { Context } from './context.ts';
import { dropWaiting, retryCopies } from './ephemerals.ts';
import type { Batch, Lane } from './lane.ts';
import { isFinal, refuse } from './refused.ts';
import { complete } from './send.ts';
import { aclKey } from './settle.ts';
import { type Cursor, otherSide, type Side, type WriteOp } from './types.ts';

function find(lane: Lane, id: number): Batch | undefined {
  return lane.batches.find((batch) => batch.id === id);
}

export function onApplied(ctx: Context, side: Side, id: number, zxid: bigint): void {
  const lane = ctx.lanes[otherSide(side)];
  const batch = find(lane, id);
  if (batch === undefined) return;
  batch.reply = 'applied';
  if (batch.kind === 'acl') {
    raiseBarrier(lane, zxid);
    lane.gate = 'barrier';
  } else {
    confirm(lane, batch);
    if (batch.kind === 'claim') {
      if (!lane.isClaimed) lane.fenceVersion++;
      lane.isClaimed = true;
      // Nothing older can come any more: what had moved the cursor by then was applied, the rest never will be.
      for (const other of lane.batches) {
        if (other.reply !== 'unknown') continue;
        other.reply =
          other.kind === 'multi' && other.cursorVersion < batch.cursorVersion ? 'applied' : 'failed';
      }
      lane.batches = lane.batches.filter((other) => other !== batch);
      raiseBarrier(lane, zxid);
      lane.gate = 'barrier';
      askForRefresh(ctx, lane);
    }
  }
  whenDrained(ctx, lane);
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
    // The cursor is not as expected, though nothing of ours failed before: somebody else has written it.
    if (failure.index === 0 || batch.kind === 'claim') lane.mustRead = true;
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
  const path = batch.kind === 'acl' ? aclKey(batch.path ?? '') : op?.path;
  if (path === undefined) return;
  const again = lane.failure?.path === path && lane.failure.code === code ? lane.failure.times : 0;
  lane.failure = { path, code, times: again + 1 };
  if (isFinal(code) || lane.failure.times >= ctx.limits.maxAttempts) {
    lane.failure = undefined;
    refuse(ctx, lane.to, path, code);
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
  for (const batch of lane.batches) for (const op of batch.ops) paths.add(op.path);
  ctx.out.push({ kind: 'refresh', side: lane.to, zxid: lane.barrierZxid, paths: [...paths] });
}

/** Returns false when this run has been deposed. */
export function onCursorRead(
  ctx: Context,
  side: Side,
  read: { cursor: Cursor; version: number; fenceVersion: number },
): boolean {
  const lane = ctx.lanes[otherSide(side)];
  if (read.cursor.term > ctx.term) return false;
  if (lane.gate !== 'reading') return true;
  lane.cursorVersion = read.version;
  lane.fenceVersion = read.fenceVersion;
  lane.cursor = { ...read.cursor, term: ctx.term };
  claim(ctx, lane);
  return true;
}

/** Writes the cursor as it is under our term: nothing sent before, by whomever, can be applied after. */
function claim(ctx: Context, lane: Lane): void {
  const id = ctx.nextId++;
  const { cursor, cursorVersion } = lane;
  const ops: WriteOp[] = [];
  if (!lane.isClaimed) {
    const data = Buffer.from(String(ctx.term));
    ops.push({ kind: 'setData', path: ctx.znodes.fence, data, version: lane.fenceVersion });
  }
  lane.batches.push({
    id,
    kind: 'claim',
    cursor,
    cursorVersion,
    ops,
    works: [],
    reply: 'none',
    echoed: false,
  });
  lane.cursorVersion++;
  lane.gate = 'claiming';
  ctx.out.push({ kind: 'apply', side: lane.to, batch: id, cursor, cursorVersion, ops });
}

/** Opens the gate once the far stream has passed all that the failure was about. */
export function passBarrier(ctx: Context, lane: Lane): void {
  retryCopies(ctx, lane);
  if (lane.gate !== 'barrier' || ctx.sides[lane.to].position < lane.barrierZxid) return;
  const failed = lane.batches.filter((batch) => batch.reply === 'failed');
  const applied = lane.batches.filter((batch) => batch.reply !== 'failed');
  complete(
    ctx,
    lane,
    applied.flatMap((batch) => batch.works),
  );
  lane.queue.unshiftAll(failed.flatMap((batch) => batch.works));
  lane.batches = [];
  lane.predicted.clear();
  lane.covered.clear();
  lane.cursor = lane.confirmed;
  lane.gate = 'open';
  const first = failed[0];
  if (first !== undefined) dropWaiting(ctx, lane, first.id);
}

/**
 * The far side's stream shows the cursor written by this run; `version` is what that made the cursor's. False when it is none
 * that we know to be on its way.
 */
export function onEcho(
  ctx: Context,
  side: Side,
  echo: { version: number; cursor: Cursor; txn: Txn; arrivedMs: number },
): boolean {
  const lane = ctx.lanes[otherSide(side)];
  const index = lane.batches.findIndex((other) => isEchoOf(other, echo));
  const batch = lane.batches[index];
  if (batch === undefined || batch.kind === 'claim') return batch !== undefined;
  batch.echoed = true;
  confirm(lane, batch);
  lane.batches.splice(index, 1);
  for (const op of batch.ops) {
    lane.predicted.confirm(op.path, batch.id);
    noteOverwritten(ctx, op, lane.from);
  }
  if (lane.failure !== undefined && batch.ops.some((op) => op.path === lane.failure?.path))
    lane.failure = undefined;
  reportSynced(ctx, lane, batch, echo);
  complete(ctx, lane, batch.works);
  whenDrained(ctx, lane);
  return true;
}

/** A multi that failed and the one sent in its place carry the same version, but not the same cursor or ops. */
function isEchoOf(batch: Batch, echo: { version: number; cursor: Cursor; txn: Txn }): boolean {
  return (
    batch.kind !== 'acl' &&
    batch.reply !== 'failed' &&
    batch.cursorVersion + 1 === echo.version &&
    batch.cursor.zxid === echo.cursor.zxid &&
    batch.cursor.seenZxid === echo.cursor.seenZxid &&
    batch.ops.length + 1 === echo.txn.ops.length
  );
}

function reportSynced(ctx: Context, lane: Lane, batch: Batch, echo: { txn: Txn; arrivedMs: number }): void {
  const lagMs: number[] = [];
  const commitLagMs: number[] = [];
  for (const work of batch.works) {
    if (!work.movesCursor || work.ops.length === 0) continue;
    lagMs.push(echo.arrivedMs - work.arrivedMs);
    commitLagMs.push(echo.txn.timeMs - work.timeMs);
  }
  if (lagMs.length > 0)
    ctx.out.push({ kind: 'synced', from: lane.from, changes: lagMs.length, lagMs, commitLagMs });
}
