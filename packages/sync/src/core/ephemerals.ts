/**
 * Copies of ephemerals. What is wanted follows from the near mirror alone - the original is there, so its copy should be -
 * which is why no cursor speaks of them and why each is simply looked at again after whatever happened to it.
 */
import { type CreateOp, parentPath } from '@orchestrator/zookeeper';
import { mayPass } from './contests.ts';
import type { Context, EphemeralCopy } from './context.ts';
import { dataOf } from './data-of.ts';
import { overlap, touches } from './dirty.ts';
import { isBusy, showOwn } from './findings.ts';
import { isCopy, isOriginal, isSameContent, isSameKind } from './kinds.ts';
import type { Lane } from './lane.ts';
import { asPlanned } from './predicted.ts';
import { raiseState } from './raise.ts';
import { isFinal, refuse } from './refused.ts';
import { settleNow } from './settling.ts';
import { type EphemeralCreate, otherSide, type Side } from './types.ts';

/** Asks for a copy of the near side's ephemeral at `path`, after everything up to the batch `after`. */
export function wantCopy(ctx: Context, lane: Lane, path: string, after: number): void {
  const copies = ctx.copies[lane.to];
  if (copies.has(path)) return;
  const { stat } = ctx.sides[lane.from].mirror.get(path) ?? {};
  ctx.dirty.mark(lane.from, path, {
    seq: ctx.nextId++,
    fields: touches.existence,
    zxid: stat?.czxid ?? 0n,
    timeMs: stat?.ctime ?? 0,
  });
  copies.set(path, { path, state: 'waiting', after, request: 0, failedZxid: 0n, sent: undefined });
}

/** Sends the copies whose turn has come. */
export function sendCopies(ctx: Context, lane: Lane): void {
  const copies = ctx.copies[lane.to];
  if (copies.size === 0 || lane.gate !== 'open') return;
  if (!ctx.sides[lane.to].traits.hasHistory && isBusy(ctx, lane)) return;
  const oldest = lane.batches.find((batch) => batch.reply !== 'applied' && !batch.echoed)?.id;
  const creates: EphemeralCreate[] = [];
  const request = ctx.nextId;
  let sent = 0;
  for (const copy of copies.values()) if (copy.state === 'sent') sent++;
  for (const copy of copies.values()) {
    if (sent + creates.length >= ctx.limits.maxEphemeralsInFlight) break;
    if (copy.state !== 'waiting' || (oldest !== undefined && copy.after >= oldest)) continue;
    const create = planCopy(ctx, lane, copy);
    if (create === undefined) continue;
    creates.push(create);
    copy.state = 'sent';
    copy.request = request;
    copy.sent = create;
  }
  if (creates.length === 0) return;
  ctx.nextId++;
  const { fenceVersion } = lane;
  ctx.out.push({ kind: 'applyEphemerals', side: lane.to, batch: request, fenceVersion, creates });
}

/** The copy as it has to be made now; drops what is not wanted any more. */
function planCopy(ctx: Context, lane: Lane, copy: EphemeralCopy): EphemeralCreate | undefined {
  const { path } = copy;
  const entry = ctx.dirty.get(path);
  const mine = entry?.[lane.from];
  const node = ctx.sides[lane.from].mirror.get(path);
  const isLeft = ctx.held.has(path) || ctx.refused[lane.to].has(path) || (mine?.fields ?? 0) === 0;
  const isOurs = node !== undefined && isOriginal(ctx, lane.from, node.stat.ephemeralOwner);
  if (isLeft || !isOurs) {
    drop(ctx, lane, path);
    // Gone, or made anew as something else, while everything about it was left to the copy.
    if (!isLeft) settleNow(ctx, lane.from, path);
    return undefined;
  }
  const contested = ctx.contests.get(path);
  if (contested !== undefined && !mayPass(contested, lane.from)) return undefined;
  if (contested === undefined && entry !== undefined && overlap(entry)) return undefined;
  const far = ctx.sides[lane.to].mirror;
  // In its way, or not there to carry it: that has to be seen to first.
  const isAlone = !far.has(path) && !lane.predicted.isInFlight(path) && far.has(parentPath(path));
  const raise = isAlone ? raiseState(ctx, lane, path) : 'due';
  if (raise === 'moving') return undefined;
  if (raise === 'due') {
    drop(ctx, lane, path);
    settleNow(ctx, lane.from, path);
    return undefined;
  }
  const found = dataOf(ctx, lane.from, path, node);
  if (!found.known) {
    if (found.failed !== undefined) refuse(ctx, lane.to, path, 'Unreadable');
    return undefined;
  }
  ctx.reads.forget(lane.from, path);
  return { path, data: found.data, acl: node.acl, originSession: node.stat.ephemeralOwner };
}

function drop(ctx: Context, lane: Lane, path: string): void {
  if (ctx.copies[lane.to].delete(path) && ctx.dirty.done(lane.from, path)) lane.covered.delete(path);
}

export function onEphemeralsApplied(
  ctx: Context,
  side: Side,
  request: number,
  zxid: bigint,
  failed: readonly { readonly path: string; readonly code: string }[],
): void {
  const codes = new Map(failed.map(({ path, code }) => [path, code]));
  const made: CreateOp[] = [];
  for (const copy of ctx.copies[side].values()) {
    if (copy.request !== request || copy.state !== 'sent') continue;
    const code = codes.get(copy.path);
    copy.state = code === undefined ? 'acked' : 'failed';
    // An expired session is no fact about the tree: there is nothing to wait for.
    copy.failedZxid = code === 'SessionExpired' ? 0n : zxid;
    if (code !== undefined && isFinal(code)) refuse(ctx, side, copy.path, code);
    if (code === undefined) made.push(...copyAsMade(ctx, side, copy));
  }
  const here = ctx.sides[side];
  // What an observer would have shown: a side without history learns of copies from the answer.
  if (!here.traits.hasHistory && made.length > 0)
    showOwn(here, { zxid, sessionId: 0n, cxid: 0, timeMs: 0, ops: made });
}

function copyAsMade(ctx: Context, side: Side, { path, sent }: EphemeralCopy): readonly CreateOp[] {
  const mirrorSession = sent === undefined ? undefined : ctx.sides[side].mirrorOf.get(sent.originSession);
  if (sent === undefined || mirrorSession === undefined) return [];
  const { data, acl } = sent;
  return [{ kind: 'create', path, data, acl, ephemeralOwner: mirrorSession, parentCversion: -1 }];
}

/**
 * Takes back what waits for the multi `from` or a later one: they have failed, and what wanted the copies is planned again. Until
 * then nothing may be left to them, least of all what is in their way.
 */
export function forgetCopies(ctx: Context, lane: Lane, from: number): void {
  for (const { path, state, after } of [...ctx.copies[lane.to].values()])
    if (state === 'waiting' && after >= from) drop(ctx, lane, path);
}

/** Looks again at copies that failed, once the far stream has passed the failure. */
export function retryCopies(ctx: Context, lane: Lane): void {
  for (const copy of [...ctx.copies[lane.to].values()]) {
    if (copy.state !== 'failed' && copy.state !== 'acked') continue;
    if (ctx.sides[lane.to].position < copy.failedZxid) continue;
    drop(ctx, lane, copy.path);
    settleNow(ctx, lane.from, copy.path);
  }
}

/** The copy was made of what the near mirror held when it was sent: changes told before have nothing to add to it. */
function noteContained(ctx: Context, lane: Lane, path: string): void {
  const copy = ctx.copies[lane.to].get(path);
  const pending = ctx.dirty.get(path)?.[lane.from];
  if (copy?.sent === undefined || pending === undefined) return;
  pending.voidThrough = Math.max(pending.voidThrough, copy.request);
}

/** The far stream shows a node created in one of our mirror sessions. */
export function onCopyEcho(ctx: Context, side: Side, path: string): void {
  const lane = ctx.lanes[otherSide(side)];
  noteContained(ctx, lane, path);
  drop(ctx, lane, path);
  const original = ctx.sides[lane.from].mirror.get(path);
  const copy = ctx.sides[side].mirror.get(path);
  if (copy === undefined) return;
  const isRight =
    original !== undefined &&
    isSameKind(ctx, path, side, copy.stat.ephemeralOwner, original.stat.ephemeralOwner) &&
    isSameContent(asPlanned(original), asPlanned(copy));
  if (!isRight) settleNow(ctx, lane.from, path);
}

/** A mirror session has ended: what is there on the other side, the original or what came after it, is carried again. */
export function onCopiesLost(ctx: Context, side: Side, paths: readonly string[]): void {
  const from = otherSide(side);
  for (const path of paths) {
    const node = ctx.sides[from].mirror.get(path);
    if (ctx.scope.includes(path) && node !== undefined && !isCopy(ctx, from, node.stat.ephemeralOwner)) {
      settleNow(ctx, from, path);
    }
  }
}
