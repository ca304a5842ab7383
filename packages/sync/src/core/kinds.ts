/** When nodes of the two sides count as the same. */
import { nodeKind } from '@orchestrator/zookeeper';
import type { Context } from './context.ts';
import { isEphemeral, type MirrorNode, sameAcl } from './mirror.ts';
import type { PlannedNode } from './predicted.ts';
import { otherSide, type Side } from './types.ts';

/** Owned by a session of a client of `side`; not a copy of ours. */
export function isOriginal(ctx: Context, side: Side, owner: bigint): boolean {
  return isEphemeral(owner) && !ctx.sides[side].mirrorSessions.has(owner);
}

/** Whether `owner` is a mirror session of ours on `side`, so that the node is a copy. */
export function isCopy(ctx: Context, side: Side, owner: bigint): boolean {
  return isEphemeral(owner) && ctx.sides[side].mirrorSessions.has(owner);
}

/** Persistent, container, TTL, or ephemeral of the same client; `side` is where `owner` is. */
export function isSameKind(
  ctx: Context,
  path: string,
  side: Side,
  owner: bigint,
  otherOwner: bigint,
): boolean {
  const here = isEphemeral(owner);
  const there = isEphemeral(otherOwner);
  if (here && there) {
    return (
      ctx.sides[side].mirrorOf.get(otherOwner) === owner ||
      ctx.sides[otherSide(side)].mirrorOf.get(owner) === otherOwner
    );
  }
  if (here !== there)
    return (
      ctx.scope.isElectionMember(path) &&
      isOriginal(ctx, here ? side : otherSide(side), here ? owner : otherOwner)
    );
  return carriedKind(ctx, otherSide(side), owner) === carriedKind(ctx, side, otherOwner);
}

/** The kind that a node has once it has been carried to `to`. */
function carriedKind(ctx: Context, to: Side, owner: bigint): string {
  const kind = nodeKind(owner);
  const { traits } = ctx.sides[to];
  if (kind === 'container' && !traits.hasContainers) return 'persistent';
  if (kind === 'ttl' && !traits.hasTtl) return 'persistent';
  return kind;
}

export function isSameContent(
  a: Pick<PlannedNode, 'dataHash' | 'acl'>,
  b: Pick<PlannedNode, 'dataHash' | 'acl'>,
): boolean {
  return a.dataHash === b.dataHash && sameAcl(a.acl, b.acl);
}

export function isSameNode(
  ctx: Context,
  path: string,
  source: MirrorNode | undefined,
  target: MirrorNode | undefined,
): boolean {
  if (source === undefined || target === undefined) return source === target;
  return (
    isSameContent(source, target) &&
    isSameKind(ctx, path, 'source', source.stat.ephemeralOwner, target.stat.ephemeralOwner)
  );
}
