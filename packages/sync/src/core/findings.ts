/**
 * Captures without history compare now and then and tell what they found. Our own writes reach the mirror by their answers,
 * so that what differs from the mirror is a client's - if nothing of ours is on its way, and nothing was written after the
 * capture looked. Otherwise it has to wait, or look again.
 */
import { dataHash, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import type { Context, Progress, SideContext } from './context.ts';
import type { Lane } from './lane.ts';
import { isEphemeral, sameAcl } from './mirror.ts';
import { newsOf } from './news.ts';
import { later, otherSide, type Side } from './types.ts';

/** Changes of a mirror that its capture has not looked at since; with more, nothing is written to that side. */
const mostShown = 10_000;

/** Whether it is not known what a write of ours to the lane's far side has done. */
export function isBusy(ctx: Context, lane: Lane): boolean {
  if (lane.batches.some(({ kind, reply }) => reply === 'none' || (reply === 'unknown' && kind === 'multi')))
    return true;
  for (const copy of ctx.copies[lane.to].values()) if (copy.state === 'sent') return true;
  return false;
}

/** Whether the lane has to hold still until its far side's capture has been listened to. */
export function isListening(ctx: Context, lane: Lane): boolean {
  const far = ctx.sides[lane.to];
  return far.findings.length > 0 || far.position < far.listenUntil || far.shown.length >= mostShown;
}

/** The mirror has changed at `paths` by a write of ours at `zxid`, which its capture may not know of when it looks. */
export function showOwn(here: SideContext, txn: Txn): void {
  here.mirror.apply(txn);
  noteShown(here, txn, txn.zxid);
}

/** The same by a finding. */
export function showFound(here: SideContext, txn: Txn): void {
  here.mirror.apply(txn);
  noteShown(here, txn, txn.zxid + 1n);
}

function noteShown(here: SideContext, { zxid, ops }: Txn, from: bigint): void {
  const paths = ops.flatMap((op) => ('path' in op ? [op.path] : []));
  if (paths.length > 0) here.shown.push({ zxid, from, paths, isAskedFor: false });
}

export interface Told {
  readonly txn: Txn;
  /** What is ours after all: of a multi whose answer was lost. */
  readonly own: readonly TxnOp[];
}

/** The next transaction that can be taken in, reduced to what is new, or `undefined`. Moves the side's position on the way. */
export function nextTold(ctx: Context, side: Side): Told | undefined {
  const here = ctx.sides[side];
  const lane = ctx.lanes[otherSide(side)];
  for (let next = here.findings[0]; next !== undefined; next = here.findings[0]) {
    if (isBusy(ctx, lane)) return undefined;
    here.findings.shift();
    if ('knew' in next) {
      hear(ctx, here, next);
      continue;
    }
    const news = newsOf(here.mirror, ctx.scope, next);
    if (news?.length === 0) continue;
    if (news !== undefined && next.zxid > here.mirror.zxid) return sortOut(ctx, lane, next, news);
    lookAgain(ctx, here, next);
  }
  return undefined;
}

/**
 * Everything up to there has been told - but for what is told in comparison with a mirror that has changed since, where that
 * was committed before: a node that we had made and a client deleted is not in a finding made without it.
 */
function hear(ctx: Context, here: SideContext, { zxid, knew }: Progress): void {
  const { side, isMisheard } = here;
  here.isMisheard = false;
  here.shown = here.shown.filter((change) => change.zxid > knew);
  // With what was out of date, not all up to there has been told: no cursor may say so.
  if (isMisheard) return;
  const missed = here.shown.filter(({ from }) => from <= zxid);
  const through = (missed[0]?.from ?? zxid + 1n) - 1n;
  here.position = later(here.position, through);
  const asked = missed.filter(({ isAskedFor }) => !isAskedFor);
  if (asked.length === 0) return;
  for (const change of asked) change.isAskedFor = true;
  const paths = [...new Set(asked.flatMap((change) => change.paths))];
  ctx.out.push({ kind: 'refresh', side, zxid: here.mirror.zxid, paths });
}

/** It looked before our last write was there. */
export function lookAgain(ctx: Context, here: SideContext, { ops }: Txn): void {
  const { side, mirror } = here;
  here.listenUntil = mirror.zxid;
  here.isMisheard = true;
  const paths = ops.flatMap((op) => ('path' in op ? [op.path] : []));
  ctx.out.push({ kind: 'refresh', side, zxid: mirror.zxid, paths });
}

function sortOut(ctx: Context, lane: Lane, txn: Txn, news: readonly TxnOp[]): Told {
  const own: TxnOp[] = [];
  const ops: TxnOp[] = [];
  for (const op of news) (isAsWritten(ctx, lane, op) ? own : ops).push(op);
  return { txn: { ...txn, ops }, own };
}

/** Whether a write of ours, the fate of which is not known, would have left this. */
function isAsWritten(ctx: Context, lane: Lane, op: TxnOp): boolean {
  if (op.kind === 'none' || op.kind === 'createSession' || op.kind === 'closeSession') return false;
  if (op.kind === 'create' && isEphemeral(op.ephemeralOwner)) {
    return ctx.sides[lane.to].mirrorSessions.has(op.ephemeralOwner);
  }
  const acl = lane.batches.find((batch) => batch.acl?.path === op.path)?.acl;
  if (op.kind === 'setAcl' && acl !== undefined)
    return op.aversion === acl.aversion + 1 && sameAcl(op.acl, acl.acl);
  if (!lane.predicted.isInFlight(op.path)) return false;
  const written = lane.predicted.get(ctx.sides[lane.to].mirror, op.path);
  if (op.kind === 'delete') return written === undefined;
  if (written === undefined) return false;
  if (op.kind === 'setAcl') return false;
  if (op.kind === 'setData' && op.version !== written.version) return false;
  return dataHash(op.data) === written.dataHash;
}
