/**
 * Turns one transaction of the near side into writes to the far side. In the steady state each op becomes the same op with
 * the version that the far side's node is going to have; everything else is decided here or sent to where it is.
 */
import type { CreateOp, SetAclOp, SetDataOp } from '@orchestrator/zookeeper';
import { dataHash } from '@orchestrator/zookeeper';
import {
  type Builder,
  checkpoint,
  type Planned,
  rollBack,
  sizeOf,
  writeCreate,
  writeSet,
} from './builder.ts';
import { contest, mayPass, openContest } from './contests.ts';
import { type Context, isLeftAlone } from './context.ts';
import { lookAhead } from './copy.ts';
import { planDelete } from './deletes.ts';
import { overlap } from './dirty.ts';
import { wantCopy } from './ephemerals.ts';
import { isOriginal, isSameKind, isSameNode } from './kinds.ts';
import type { ExpireOp, Lane, Work, WorkOp } from './lane.ts';
import { isEphemeral, sameAcl } from './mirror.ts';
import { raiseAnew, raiseBeforeChild } from './raise.ts';
import { refuse } from './refused.ts';
import { aclKey, planParent, planSettle } from './settle.ts';
import { settleLater } from './settling.ts';

/** Plans all of `work` into the batch, or nothing of it. */
export function planWork(ctx: Context, builder: Builder, work: Work): Planned {
  const before = checkpoint(builder);
  builder.settled.clear();
  for (const op of work.ops) {
    const planned = planOp(ctx, builder, op, work);
    if (planned === 'done') continue;
    rollBack(builder, before);
    builder.onWait?.();
    builder.onWait = undefined;
    return planned;
  }
  for (const effect of builder.effects.splice(0)) effect();
  builder.works.push(work);
  return 'done';
}

type Leave = 'go' | 'forced' | 'done' | 'wait';

/** Whether the op's path may be planned at all in this lane now. */
function leaveFor(ctx: Context, builder: Builder, op: WorkOp, work: Work): Leave {
  const { lane } = builder;
  const { path } = op;
  const { seq } = work;
  const refused = ctx.refused[lane.to].get(path);
  if (refused !== undefined) return refused.isRecorded ? 'done' : 'wait';
  const contested = openContest(ctx, path);
  if (contested !== undefined && !mayPass(contested, lane.from)) return 'wait';
  if (ctx.held.has(path) || builder.settled.has(path)) return 'done';
  lookAhead(ctx, path);
  const entry = ctx.dirty.get(path);
  const mine = entry?.[lane.from];
  if (entry === undefined || mine === undefined) return 'go';
  if (seq <= mine.voidThrough || seq <= (lane.covered.get(path)?.seq ?? -1)) return 'done';
  if (contested === undefined && overlap(entry))
    return contest(ctx, path, entry) === 'same' ? 'done' : 'wait';
  if (ctx.copies[lane.to].has(path)) return isLeftToCopy(ctx, lane, op, work) ? 'done' : 'wait';
  if (seq <= mine.forcedThrough) return 'forced';
  if (op.kind === 'create' && isMetUnseen(ctx, builder, op, work)) {
    builder.onWait = () => settleLater(ctx, lane.to, path);
    return 'wait';
  }
  const isLast = seq === mine.lastSeq && work.ops.findLast((other) => other.path === path) === op;
  return mine.isReplayed && isLast ? 'forced' : 'go';
}

/**
 * Whether what stands there was made while something above it was held: it was not carried then, so neither may take the place
 * of the other without a record.
 */
function isMetUnseen(ctx: Context, builder: Builder, op: CreateOp, work: Work): boolean {
  const { from, to, predicted } = builder.lane;
  const there = ctx.sides[to].mirror.get(op.path);
  if (there === undefined || !isLeftAlone(ctx, op.path) || predicted.isInFlight(op.path)) return false;
  const here = ctx.sides[from].mirror.get(op.path);
  return (
    !isOutdated(ctx, builder, op, work) &&
    !isSameNode(ctx, op.path, from === 'source' ? here : there, from === 'source' ? there : here)
  );
}

/**
 * Ephemerals are compared whole at the next start, so a cursor may pass what happens to one while its copy is made. Another
 * node in its place is nothing that a start would look at; nor would it look at what lost a conflict against the ephemeral,
 * which the copy may have met meanwhile.
 */
function isLeftToCopy(ctx: Context, { from }: Lane, op: WorkOp, work: Work): boolean {
  const isDecision =
    work.carriesOut !== undefined || work.releases !== undefined || work.restores !== undefined;
  if (isDecision) return false;
  if (op.kind === 'create') return isEphemeral(op.ephemeralOwner);
  const node = op.kind === 'settle' ? ctx.sides[from].mirror.get(op.path) : undefined;
  return node === undefined || isEphemeral(node.stat.ephemeralOwner);
}

function planOp(ctx: Context, builder: Builder, op: WorkOp, work: Work): Planned {
  const { zxid } = work;
  const leave = leaveFor(ctx, builder, op, work);
  if (leave === 'done' || leave === 'wait') return leave;
  const { lane } = builder;
  if (op.kind === 'settle') {
    // Made since it was asked for: the create comes later in this lane.
    const node = ctx.sides[lane.from].mirror.get(op.path);
    return node !== undefined && node.stat.czxid > zxid ? 'done' : planSettle(ctx, builder, op.path);
  }
  if (op.kind === 'expire') return planExpire(ctx, builder, op);
  // What is gone by now, or was made anew since, is seen to when its delete and create come along.
  if (leave === 'forced') {
    if (!isOutdated(ctx, builder, op, work)) return planSettle(ctx, builder, op.path);
    if (op.kind !== 'delete') return 'done';
  }
  switch (op.kind) {
    case 'create':
      return planCreate(ctx, builder, op, work);
    case 'setData':
      return planSetData(ctx, builder, op, work);
    case 'setAcl':
      return planSetAcl(ctx, builder, op, work);
    case 'remove':
    case 'delete': {
      const there = lane.predicted.get(ctx.sides[lane.to].mirror, op.path);
      return there === undefined ? 'done' : planDelete(ctx, builder, op.path, there);
    }
  }
}

/** Whether the near side's node is not the one any more that the op was about. */
function isOutdated(ctx: Context, builder: Builder, op: WorkOp, work: Work): boolean {
  const node = ctx.sides[builder.lane.from].mirror.get(op.path);
  if (node === undefined || node.stat.czxid > work.zxid) return true;
  const next = work.ops.slice(work.ops.indexOf(op) + 1);
  return next.some((later) => later.kind === 'create' && later.path === op.path);
}

function planCreate(ctx: Context, builder: Builder, op: CreateOp, work: Work): Planned {
  const { lane } = builder;
  const { path, data, acl } = op;
  if (isTooLarge(ctx, builder, path, data)) return 'wait';
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  if (there !== undefined) {
    const isDone =
      isSameKind(ctx, path, lane.from, op.ephemeralOwner, there.owner) &&
      there.dataHash === dataHash(data) &&
      sameAcl(there.acl, acl);
    return isDone || isOutdated(ctx, builder, op, work) ? 'done' : planSettle(ctx, builder, path);
  }
  const isCarriedAsCopy = isOriginal(ctx, lane.from, op.ephemeralOwner) && !ctx.scope.isElectionMember(path);
  // Short-lived: gone again before its copy was made.
  if (isCarriedAsCopy && isOutdated(ctx, builder, op, work)) return 'done';
  const parent = planParent(ctx, builder, path, work.zxid);
  if (parent !== 'there') return parent;
  if (!raiseBeforeChild(ctx, builder, path)) return 'wait';
  if (isCarriedAsCopy) builder.effects.push(() => wantCopy(ctx, lane, path, builder.batch));
  else {
    const owner = isEphemeral(op.ephemeralOwner) ? 0n : op.ephemeralOwner;
    writeCreate(ctx, builder, { path, data, acl, owner });
    raiseAnew(ctx, builder, path);
  }
  return 'done';
}

function planExpire(ctx: Context, builder: Builder, { path, session }: ExpireOp): Planned {
  const { lane } = builder;
  const far = ctx.sides[lane.to];
  const there = lane.predicted.get(far.mirror, path);
  if (there === undefined) return 'done';
  const isItsCopy =
    there.owner === 0n ? ctx.scope.isElectionMember(path) : far.mirrorOf.get(session) === there.owner;
  if (isItsCopy) return planDelete(ctx, builder, path, there);
  // Something of the far side's own stands there, which the ephemeral may have kept from coming over.
  if (!ctx.sides[lane.from].mirror.has(path)) builder.effects.push(() => settleLater(ctx, lane.to, path));
  return 'done';
}

function planSetData(ctx: Context, builder: Builder, op: SetDataOp, work: Work): Planned {
  const { lane } = builder;
  const { path, data, version } = op;
  if (isTooLarge(ctx, builder, path, data)) return 'wait';
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  if (there === undefined) {
    return isOutdated(ctx, builder, op, work) ? 'done' : planSettle(ctx, builder, path);
  }
  if (there.version >= version && there.dataHash === dataHash(data)) return 'done';
  const behind = version - there.version;
  writeSet(builder, path, data, there, behind > 1 && behind <= ctx.limits.maxVersionRaise ? behind : 1);
  return 'done';
}

function planSetAcl(ctx: Context, builder: Builder, op: SetAclOp, work: Work): Planned {
  const { lane } = builder;
  const { path, acl } = op;
  const refused = ctx.refused[lane.to].get(aclKey(path));
  if (refused !== undefined) return refused.isRecorded ? 'done' : 'wait';
  const there = lane.predicted.get(ctx.sides[lane.to].mirror, path);
  if (there === undefined) {
    return isOutdated(ctx, builder, op, work) ? 'done' : planSettle(ctx, builder, path);
  }
  const here = ctx.sides[lane.from].mirror.get(path);
  // Not covered by the cursor, so after a crash it may be there already, and later ones too.
  const isThere = here !== undefined && there.aversion >= here.stat.aversion && sameAcl(there.acl, here.acl);
  if (isThere || (there.aversion >= op.aversion && sameAcl(there.acl, acl))) return 'done';
  // Found with its ACL by a look, and created with it in this same batch: there is nothing yet that could be set.
  if (!ctx.sides[lane.from].traits.hasHistory && sameAcl(there.acl, acl)) return 'done';
  builder.aclStep = { path, acl, aversion: there.aversion };
  return 'acl';
}

/** The cursor, its path and the framing of a multi. */
const cursorBytes = 512;

function isTooLarge(ctx: Context, builder: Builder, path: string, data: Buffer | null): boolean {
  if (sizeOf(path, data) + cursorBytes <= ctx.limits.maxRequestBytes) return false;
  refuse(ctx, builder.lane.to, path, 'TooLarge');
  return true;
}
