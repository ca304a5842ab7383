/** A batch while it is put together. A transaction that cannot be planned yet leaves no trace in it. */
import { type Acl, nodeKind, ttlMs } from '@orchestrator/zookeeper';
import type { Context } from './context.ts';
import type { AclStep, Lane, Work } from './lane.ts';
import { type PlannedNode, type Undo, WrittenNode } from './predicted.ts';
import type { WriteOp } from './types.ts';

export interface Builder {
  readonly lane: Lane;
  readonly batch: number;
  readonly ops: WriteOp[];
  readonly works: Work[];
  bytes: number;
  readonly undo: Undo[];
  /** To be done once the work at hand is in the batch for good. */
  readonly effects: (() => void)[];
  /** Paths that the work at hand has made equal to what the near mirror holds: its later ops have nothing to add. */
  readonly settled: Set<string>;
  /** What the work at hand waits for has to be asked for, once nothing of it is planned any more. */
  onWait: (() => void) | undefined;
  /** Must be done, alone, before the work at hand can be planned. */
  aclStep: AclStep | undefined;
}

/**
 * `done`: whatever the op needs is in the batch, or it needs nothing; `wait`: not now, plan it again later; `acl`: an ACL has
 * to be set first.
 */
export type Planned = 'done' | 'wait' | 'acl';

export function createBuilder(lane: Lane, batch: number): Builder {
  return {
    lane,
    batch,
    ops: [],
    works: [],
    bytes: 0,
    undo: [],
    effects: [],
    settled: new Set(),
    onWait: undefined,
    aclStep: undefined,
  };
}

export interface Checkpoint {
  readonly ops: number;
  readonly undo: number;
  readonly effects: number;
  readonly bytes: number;
}

export function checkpoint(builder: Builder): Checkpoint {
  const { ops, undo, effects, bytes } = builder;
  return { ops: ops.length, undo: undo.length, effects: effects.length, bytes };
}

export function rollBack(builder: Builder, to: Checkpoint): void {
  for (let i = builder.undo.length - 1; i >= to.undo; i--) {
    const undo = builder.undo[i];
    if (undo !== undefined) builder.lane.predicted.undo(undo);
  }
  builder.undo.length = to.undo;
  builder.ops.length = to.ops;
  builder.effects.length = to.effects;
  builder.bytes = to.bytes;
}

/** What an op takes of a request besides path and data: type, version, flags, lengths, a short ACL. */
const opOverheadBytes = 80;

export function writeCreate(
  ctx: Context,
  builder: Builder,
  node: { path: string; data: Buffer | null; acl: readonly Acl[]; owner: bigint },
): void {
  const { path, data, acl } = node;
  const owner = ownerOnFarSide(ctx, builder, path, node.owner);
  const kind = nodeKind(owner);
  const base = { kind: 'create', path, data, acl } as const;
  builder.ops.push(
    kind === 'ttl'
      ? { ...base, mode: 'ttl', ttlMs: ttlMs(owner) }
      : { ...base, mode: kind === 'container' ? 'container' : 'persistent' },
  );
  const written = new WrittenNode({ version: 0, aversion: 0, owner, acl }, data);
  builder.undo.push(builder.lane.predicted.create(path, written, builder.batch));
  builder.bytes += sizeOf(path, data) + acl.length * 60;
}

/** Ephemerals become persistent here (election groups); kinds that the far side does not know do as well. */
function ownerOnFarSide(ctx: Context, builder: Builder, path: string, owner: bigint): bigint {
  const { traits } = ctx.sides[builder.lane.to];
  const kind = nodeKind(owner);
  if (kind === 'container' && traits.hasContainers) return owner;
  if (kind === 'ttl' && traits.hasTtl) return owner;
  if (kind === 'container' || kind === 'ttl') {
    builder.effects.push(() =>
      ctx.out.push({
        kind: 'ledger',
        path,
        what: `${kind} node became persistent`,
        why: `the ${builder.lane.to} does not know ${kind} nodes`,
      }),
    );
  }
  return 0n;
}

/** Sets the data `times` times, so that the version rises by as many. */
export function writeSet(
  builder: Builder,
  path: string,
  data: Buffer | null,
  before: PlannedNode,
  times = 1,
): void {
  for (let i = 0; i < times; i++) {
    builder.ops.push({ kind: 'setData', path, data, version: before.version + i });
  }
  const { aversion, owner, acl } = before;
  const written = new WrittenNode({ version: before.version + times, aversion, owner, acl }, data);
  builder.undo.push(builder.lane.predicted.write(path, written, builder.batch));
  builder.bytes += sizeOf(path, data) * times;
}

export function writeDelete(builder: Builder, path: string, before: PlannedNode): void {
  builder.ops.push({ kind: 'delete', path, version: before.version });
  builder.undo.push(builder.lane.predicted.write(path, undefined, builder.batch));
  builder.bytes += sizeOf(path, null);
}

export function sizeOf(path: string, data: Buffer | null): number {
  return opOverheadBytes + path.length + (data?.length ?? 0);
}
