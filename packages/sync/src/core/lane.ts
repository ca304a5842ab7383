/** One direction: what waits to be planned, what is on its way, and where the cursor of the side written to stands. */
import type { Acl, CreateOp, DeleteOp, SetAclOp, SetDataOp } from '@orchestrator/zookeeper';
import { Fifo } from './fifo.ts';
import type { SideTraits } from './options.ts';
import { Predicted } from './predicted.ts';
import { type Cursor, otherSide, type Side, type WriteOp } from './types.ts';

/** Make the far side's node equal to the near side's, whatever it is now. */
export interface SettleOp {
  readonly kind: 'settle';
  readonly path: string;
}

/** An ephemeral went with its session: so does its copy, and nothing else that may stand there. */
export interface ExpireOp {
  readonly kind: 'expire';
  readonly path: string;
  readonly session: bigint;
}

/** Delete the far side's node, although the near side keeps its own. */
export interface RemoveOp {
  readonly kind: 'remove';
  readonly path: string;
}

export type WorkOp = CreateOp | DeleteOp | SetDataOp | SetAclOp | SettleOp | RemoveOp | ExpireOp;

/** One transaction of clients, reduced to what is in scope; or something to settle. Planned whole or not at all. */
export interface Work {
  /** In the order in which we learnt of them. */
  readonly seq: number;
  readonly zxid: bigint;
  readonly timeMs: number;
  readonly arrivedMs: number;
  readonly ops: readonly WorkOp[];
  /** Whether the cursor may say `zxid` once this is applied; a settling in between has no place in the stream. */
  readonly movesCursor: boolean;
  /** The client session that ended with this transaction: its mirror session goes after the copies. */
  readonly endsSession?: bigint;
  /** The node that is back with this. */
  readonly restores?: string;
  /** The conflicts that are carried out with this. */
  readonly carriesOut?: readonly string[];
  /** The held path that is in step again with this. */
  readonly releases?: string;
}

/** A setACL, which no multi may hold. */
export interface AclStep {
  readonly path: string;
  readonly acl: readonly Acl[];
  readonly aversion: number;
}

/** A multi (or a setACL) on its way. */
export interface Batch {
  readonly id: number;
  readonly kind: 'multi' | 'acl' | 'claim';
  readonly cursor: Cursor;
  /** What the cursor's version has to be for it to be applied. */
  readonly cursorVersion: number;
  readonly ops: readonly WriteOp[];
  readonly acl?: AclStep;
  /** Complete with this batch; those planned later without any op of their own join it. */
  readonly works: Work[];
  reply: 'none' | 'applied' | 'failed' | 'unknown';
  /** Of the answer. */
  zxid: bigint;
  echoed: boolean;
}

/** A batch as it is sent. */
export function createBatch(
  batch: Pick<Batch, 'id' | 'kind' | 'cursor' | 'cursorVersion' | 'ops'> &
    Partial<Pick<Batch, 'works' | 'acl'>>,
): Batch {
  return { works: [], ...batch, reply: 'none', zxid: 0n, echoed: false };
}

/**
 * `open`: planning and sending; `draining`: a multi failed, waiting for the answers still on the way; `reading`: the
 * outcome of some is unknown, waiting for the cursor; `claiming`: writing the cursor, so that nothing older can still
 * come; `barrier`: waiting for the far side's stream to pass `barrierZxid`; `acl`: a setACL is on its way.
 */
export type Gate = 'open' | 'draining' | 'reading' | 'claiming' | 'barrier' | 'acl';

export interface Lane {
  readonly from: Side;
  readonly to: Side;
  readonly queue: Fifo<Work>;
  /** What clients did while a comparison goes on. It comes after all that the comparison finds: the cursor moves with it. */
  readonly arrivals: Fifo<Work>;
  /** In the order sent: not answered, or answered and not echoed. */
  batches: Batch[];
  readonly predicted: Predicted;
  /** Paths settled from the near mirror: changes with a `seq` up to this one have nothing to add. */
  readonly covered: Map<string, { readonly seq: number; readonly batch: number }>;
  /** Settlings that are not known to be on the far side. */
  readonly unsettled: Set<Work>;
  gate: Gate;
  barrierZxid: bigint;
  /** Once drained, the cursor has to be read: an outcome is unknown, or somebody else wrote it. */
  mustRead: boolean;
  /** When the far side's cursor was last written before this run. */
  lastOwnZxid: bigint;
  /** A run before this one had claimed it. */
  isResumed: boolean;
  /** Our term is written to the fence. */
  isClaimed: boolean;
  /** As the last multi sent writes it. */
  cursor: Cursor;
  /** As the last multi known to be applied wrote it. */
  confirmed: Cursor;
  confirmedVersion: number;
  /** Of the cursor znode once everything in flight is applied. */
  cursorVersion: number;
  fenceVersion: number;
  /** The last value of {@link doneThrough}. */
  through: bigint;
  /** Changes queued or in flight. */
  backlog: number;
  isPressed: boolean;
  /** The last failing write, to notice one that never succeeds. */
  failure: { path: string; code: string; times: number } | undefined;
}

const noCursor: Cursor = { term: 0, multi: 0, zxid: 0n, seenZxid: 0n };

export function createLane(from: Side): Lane {
  return {
    from,
    to: otherSide(from),
    queue: new Fifo(),
    arrivals: new Fifo(),
    batches: [],
    predicted: new Predicted(),
    covered: new Map(),
    unsettled: new Set(),
    gate: 'reading',
    barrierZxid: 0n,
    mustRead: false,
    lastOwnZxid: 0n,
    isResumed: false,
    isClaimed: false,
    cursor: noCursor,
    confirmed: noCursor,
    confirmedVersion: -1,
    cursorVersion: 0,
    fenceVersion: 0,
    through: 0n,
    backlog: 0,
    isPressed: false,
    failure: undefined,
  };
}

/** Behind all that waits. */
export function enqueue(lane: Lane, work: Work, isComparing: boolean): void {
  if (isComparing) lane.arrivals.push(work);
  else lane.queue.push(work);
  lane.backlog++;
}

/** The comparison is over. */
export function admitArrivals(lane: Lane): void {
  for (let work = lane.arrivals.shift(); work !== undefined; work = lane.arrivals.shift()) {
    lane.queue.push(work);
  }
}

/** Whether a write of this path is on its way to the lane's far side. */
export function isWriting(lane: Lane, path: string): boolean {
  return lane.predicted.isInFlight(path) || lane.batches.some((batch) => batch.acl?.path === path);
}

/** Multis sent and not known to be applied. */
export function inFlight(lane: Lane): number {
  let count = 0;
  for (const _ of unanswered(lane)) count++;
  return count;
}

/** Changes in these. */
export function worksInFlight(lane: Lane): number {
  let count = 0;
  for (const { works } of unanswered(lane)) count += works.length;
  return count;
}

/** From the last one back: answers come in order. */
function* unanswered({ batches }: Lane): Generator<Batch> {
  for (let i = batches.length - 1; i >= 0; i--) {
    const batch = batches[i];
    if (batch === undefined || batch.reply === 'applied' || batch.echoed) return;
    yield batch;
  }
}

/**
 * Everything of the near side's stream up to here is on the far side, or needs nothing there. Never falls; does not move while
 * something is left to settle. Without history, a change was made anywhere before it was found.
 */
export function doneThrough(
  lane: Lane,
  near: { readonly position: bigint; readonly traits: SideTraits },
): bigint {
  const oldest = oldestUndone(lane);
  const isDated = near.traits.hasHistory && oldest?.movesCursor === true;
  const through = oldest === undefined ? near.position : isDated ? oldest.zxid - 1n : 0n;
  if (through > lane.through) lane.through = through;
  return lane.through;
}

/** When the oldest change that is not on the far side arrived; `undefined` when all are. */
export function oldestArrivedMs(lane: Lane): number | undefined {
  return oldestUndone(lane)?.arrivedMs;
}

export function oldestSeq(lane: Lane): number | undefined {
  return oldestUndone(lane)?.seq;
}

function oldestUndone(lane: Lane): Work | undefined {
  for (const batch of lane.batches) {
    if (batch.reply !== 'applied' && !batch.echoed && batch.works.length > 0) return batch.works[0];
  }
  return lane.queue.peek() ?? lane.arrivals.peek();
}
