/**
 * Captures without history compare now and then and tell what they found. Our own writes reach the mirror by their answers,
 * so that what differs from the mirror is a client's - if nothing of ours is on its way, and nothing was written after the
 * capture looked. Otherwise it has to wait, or look again.
 */
import {
  type CreateOp,
  type DeleteOp,
  dataHash,
  type SetAclOp,
  type SetDataOp,
  type Txn,
  type TxnOp,
} from '@orchestrator/zookeeper';
import type { Context, SideContext } from './context.ts';
import type { Lane } from './lane.ts';
import { isEphemeral, type MirrorNode, sameAcl } from './mirror.ts';
import { otherSide, type Side } from './types.ts';

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
  return far.findings.length > 0 || far.position < far.listenUntil;
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
    if (typeof next === 'bigint') {
      // With what was out of date, not all up to there has been told: no cursor may say so.
      if (next > here.position && !here.isMisheard) here.position = next;
      here.isMisheard = false;
      here.findings.shift();
      continue;
    }
    const news = newsOf(here, next);
    if (news.length > 0 && isBusy(ctx, lane)) return undefined;
    here.findings.shift();
    if (news.length === 0) continue;
    if (next.zxid > here.mirror.zxid) {
      dropOutdated(ctx, here);
      return sortOut(ctx, lane, next, news);
    }
    lookAgain(ctx, here, news);
  }
  return undefined;
}

/** What waits behind a finding was made from the mirror as it is before that is taken in: it has to be made again. */
function dropOutdated(ctx: Context, here: SideContext): void {
  const outdated = here.findings.flatMap((each) => (typeof each === 'bigint' ? [] : each.ops));
  if (outdated.length === 0) return;
  here.findings.length = 0;
  lookAgain(ctx, here, outdated);
}

/** It looked before our last write was there. */
function lookAgain(ctx: Context, here: SideContext, news: readonly TxnOp[]): void {
  const { side, mirror } = here;
  here.listenUntil = mirror.zxid;
  here.isMisheard = true;
  const paths = news.flatMap((op) => ('path' in op ? [op.path] : []));
  ctx.out.push({ kind: 'refresh', side, zxid: mirror.zxid, paths });
}

function sortOut(ctx: Context, lane: Lane, txn: Txn, news: readonly TxnOp[]): Told {
  const own: TxnOp[] = [];
  const ops: TxnOp[] = [];
  for (const op of news) (isAsWritten(ctx, lane, op) ? own : ops).push(op);
  return { txn: { ...txn, ops }, own };
}

/** What differs from the mirror and is not older. */
function newsOf(here: SideContext, txn: Txn): readonly TxnOp[] {
  const gone = new Set<string>();
  const news: TxnOp[] = [];
  for (const op of txn.ops) {
    if (!isChange(op)) continue;
    const node = gone.has(op.path) ? undefined : here.mirror.get(op.path);
    if (!isNews(node, op)) continue;
    if (op.kind === 'delete') gone.add(op.path);
    // The mirror takes no create of what is there: it is the same node with other data.
    const isThere =
      op.kind === 'create' && node !== undefined && node.stat.ephemeralOwner === op.ephemeralOwner;
    news.push(isThere ? { kind: 'setData', path: op.path, data: op.data, version: 0 } : op);
  }
  return news;
}

type Change = CreateOp | DeleteOp | SetDataOp | SetAclOp;

const isChange = (op: TxnOp): op is Change => 'path' in op;

function isNews(node: MirrorNode | undefined, op: Change): boolean {
  switch (op.kind) {
    case 'delete':
      return node !== undefined;
    case 'create':
      return (
        node?.stat.ephemeralOwner !== op.ephemeralOwner ||
        (node.stat.version === 0 && node.dataHash !== dataHash(op.data))
      );
    case 'setData':
      return node === undefined || node.stat.version < op.version;
    case 'setAcl':
      return node === undefined || node.stat.aversion < op.aversion || !sameAcl(node.acl, op.acl);
  }
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
