/** From the queue onto the wire: batches, their cursors, and how many at a time. */
import { type Builder, createBuilder, type Planned } from './builder.ts';
import { type Context, isHeldOrAbout } from './context.ts';
import { sendCopies } from './ephemerals.ts';
import { isBusy, isListening } from './findings.ts';
import {
  type Batch,
  createBatch,
  doneThrough,
  inFlight,
  type Lane,
  type Work,
  worksInFlight,
} from './lane.ts';
import { planWork } from './plan.ts';
import { readAhead } from './read-ahead.ts';
import { closeMirrorSession } from './sessions.ts';
import { type Cursor, later, type WriteOp } from './types.ts';
import { reportCarriedOut, reportMoot } from './undone.ts';

/** Up to this many multis are sent as soon as there is something; beyond, only ones that are worth it. */
export const eagerMultis = 4;
/**
 * Worth it: of this share of what is on its way. Who waits for an answer misses the servers' next write to their disks; but many
 * small multis would cost them more than a few large ones. So the slower they answer, the larger the multis, step by step.
 */
const leastShare = 1 / 4;

/** Sends what can be sent in this direction. */
export function pump(ctx: Context, lane: Lane): void {
  if (lane.gate !== 'open' || isListening(ctx, lane)) return;
  readAhead(ctx, lane);
  for (;;) {
    const waiting = inFlight(lane);
    if (lane.queue.length === 0 || waiting >= mostInFlight(ctx, lane)) break;
    if (waiting >= eagerMultis && lane.queue.length < worksInFlight(lane) * leastShare) break;
    const builder = createBuilder(lane, ctx.nextId++);
    const stopped = fill(ctx, builder);
    commit(ctx, builder);
    if (stopped === 'acl') sendAcl(ctx, builder);
    if (stopped !== 'full') break;
  }
  sendCopies(ctx, lane);
}

/** Without history, each answer has to be there before the next write, for the mirror to learn of them in order. */
export function mostInFlight(ctx: Context, lane: Lane): number {
  if (ctx.sides[lane.to].traits.hasHistory) return ctx.limits.maxInFlightMultis;
  return isBusy(ctx, lane) ? 0 : 1;
}

/** Plans until the batch is full or nothing more can be planned. */
function fill(ctx: Context, builder: Builder): 'full' | 'empty' | Exclude<Planned, 'done'> {
  const { queue } = builder.lane;
  const { maxOpsPerMulti, maxBytesPerMulti } = ctx.limits;
  for (;;) {
    const work = queue.peek();
    if (work === undefined) return 'empty';
    if (builder.ops.length > 0) {
      if (builder.ops.length + work.ops.length > maxOpsPerMulti) return 'full';
      if (builder.bytes + bytesOf(work) > maxBytesPerMulti) return 'full';
    }
    const planned = planWork(ctx, builder, work);
    if (planned !== 'done') return planned;
    queue.shift();
  }
}

function bytesOf(work: Work): number {
  let bytes = 0;
  for (const op of work.ops) {
    if (op.kind === 'create' || op.kind === 'setData') bytes += op.data?.length ?? 0;
    bytes += op.path.length;
  }
  return bytes;
}

/** Sends the batch, or lets its works go with the last one on its way if they need no write of their own. */
function commit(ctx: Context, builder: Builder): void {
  const { lane, works, ops } = builder;
  if (ops.length > 0) {
    sendBatch(ctx, lane, { id: builder.batch, kind: 'multi', ops, works });
    return;
  }
  const last = lane.batches.at(-1);
  // Nothing to do may follow from what is on its way, which may still fail: then all of it is planned again, in order.
  const mayFail = last !== undefined && last.reply !== 'applied' && !last.echoed;
  for (const work of works) {
    const isOnItsWay = last !== undefined && work.ops.some(({ path }) => lane.predicted.isInFlight(path));
    if (mayFail || (last !== undefined && isOnItsWay)) join(lane, last, work, builder.batch);
    else complete(ctx, lane, [work], builder.batch);
  }
}

/** The work is done with a batch that is on its way already. */
function join(lane: Lane, last: Batch, work: Work, planned: number): void {
  last.works.push(work);
  for (const { path } of work.ops) {
    const covered = lane.covered.get(path);
    if (covered?.batch === planned) lane.covered.set(path, { ...covered, batch: last.id });
  }
}

type NewBatch = Pick<Batch, 'id' | 'kind' | 'ops' | 'works'>;

export function sendBatch(ctx: Context, lane: Lane, batch: NewBatch): void {
  const { id, kind, works } = batch;
  const ops: WriteOp[] = [
    { kind: 'check', path: ctx.znodes.fence, version: lane.fenceVersion },
    ...batch.ops,
  ];
  const cursor = { term: ctx.term, multi: id, ...nextCursor(ctx, lane, works) };
  const { cursorVersion } = lane;
  lane.batches.push(createBatch({ id, kind, cursor, cursorVersion, ops, works }));
  lane.cursor = cursor;
  lane.cursorVersion++;
  ctx.out.push({ kind: 'apply', side: lane.to, batch: id, cursor, cursorVersion, ops });
}

function nextCursor(ctx: Context, lane: Lane, works: readonly Work[]): Pick<Cursor, 'zxid' | 'seenZxid'> {
  let { zxid, seenZxid } = lane.cursor;
  // Until all is copied, a restart has to copy all; and until all is looked at, nobody knows what came from the target.
  const isUnknown = lane.from === 'source' || (ctx.isCopyBlind && ctx.sweeps.length > 0);
  if (!ctx.isCopied && isUnknown) return { zxid, seenZxid };
  const near = ctx.sides[lane.from];
  // Without history, more that was done before may still be found; how far all has been told, only the position says.
  if (near.traits.hasHistory) {
    for (const work of works) if (work.movesCursor && work.zxid > zxid) zxid = work.zxid;
  }
  if (ctx.isComparing) return { zxid, seenZxid };
  if (lane.queue.length === 0 && near.position > zxid) zxid = near.position;
  const seen = doneThrough(ctx.lanes[lane.to], ctx.sides[lane.to]);
  if (seen > seenZxid) seenZxid = seen;
  return { zxid, seenZxid };
}

/** Alone: it is not covered by the cursor, so nothing may overtake it. */
function sendAcl(ctx: Context, builder: Builder): void {
  const { lane, aclStep } = builder;
  if (aclStep === undefined || lane.batches.length > 0) return;
  const { path, acl, aversion } = aclStep;
  const id = ctx.nextId++;
  const { cursorVersion, cursor, fenceVersion } = lane;
  lane.batches.push(createBatch({ id, kind: 'acl', cursor, cursorVersion, ops: [], acl: aclStep }));
  lane.gate = 'acl';
  ctx.out.push({ kind: 'applyAcl', side: lane.to, batch: id, fenceVersion, path, acl, aversion });
}

/** A settled node is on the far side: the changes that it covers are there too, although they are still queued. */
export function keepCovered(ctx: Context, lane: Lane, path: string, batch: number): void {
  const covered = lane.covered.get(path);
  const pending = ctx.dirty.get(path)?.[lane.from];
  if (covered?.batch !== batch || pending === undefined) return;
  pending.voidThrough = Math.max(pending.voidThrough, covered.seq);
}

/** Everything of these transactions, which `batch` was the last to carry, is on the far side. */
export function complete(ctx: Context, lane: Lane, works: readonly Work[], batch: number): void {
  for (const work of works) {
    for (const op of work.ops) {
      if (lane.covered.size > 0) keepCovered(ctx, lane, op.path, batch);
      if (ctx.dirty.done(lane.from, op.path) && lane.covered.size > 0) lane.covered.delete(op.path);
    }
    lane.backlog--;
    lane.unsettled.delete(work);
    if (work.restores !== undefined) endRestoration(ctx, work.restores);
    if (work.carriesOut !== undefined) noteCarriedOut(ctx, work);
    if (work.releases !== undefined) release(ctx, work.releases);
    if (work.endsSession !== undefined) {
      closeMirrorSession(ctx, lane.to, work.endsSession);
    }
  }
  relieve(ctx, lane);
}

function endRestoration(ctx: Context, path: string): void {
  if (ctx.contests.get(path)?.kind === 'delete') ctx.contests.delete(path);
}

function noteCarriedOut(ctx: Context, { ops, carriesOut = [] }: Work): void {
  for (const { path } of ops) reportCarriedOut(ctx, path, carriesOut);
}

/** What an operator chose has been carried out - unless the path had to be held again meanwhile. */
export function release(ctx: Context, path: string): void {
  if (isHeldOrAbout(ctx, path)) return;
  ctx.choices.delete(path);
  reportMoot(ctx, path);
  ctx.out.push({ kind: 'released', path });
}

/** Takes in the near side's stream again once half of the backlog is gone, or by all means. */
export function relieve(ctx: Context, lane: Lane, byAllMeans = false): void {
  if (lane.isPressed && (byAllMeans || lane.backlog * 2 < ctx.limits.maxBacklog)) {
    lane.isPressed = false;
    ctx.out.push({ kind: 'pressure', side: lane.from, on: false });
  }
}

/** Lets the cursors of idle directions follow, so that a restart has little to look at. */
export function followCursors(ctx: Context): void {
  for (const lane of [ctx.lanes.source, ctx.lanes.target]) {
    const reached = later(lane.cursor.zxid, ctx.lanes[lane.to].cursor.seenZxid);
    const isIdle = lane.gate === 'open' && lane.batches.length === 0 && lane.queue.length === 0;
    if (isIdle && ctx.sides[lane.from].lastNoteworthy > reached) {
      sendBatch(ctx, lane, { id: ctx.nextId++, kind: 'multi', ops: [], works: [] });
    }
  }
}
