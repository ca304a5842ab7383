/**
 * The paths where one side has changes that the other has not echoed yet. A path that is not here is clean: both mirrors
 * agree on it, or differ in a way that is recorded (held, blocked).
 */
import type { Side } from './types.ts';

/** What of a node a change touches; changes that touch different things travel both ways without conflict. */
export const touches = { data: 1, acl: 2, existence: 4, all: 7 } as const;

/** One side's changes of one path that are not on the other side yet. */
export interface Pending {
  /** Ops queued or in flight. */
  count: number;
  /** Sum of {@link touches}; 0 once a decision has made all of them void. */
  fields: number;
  lastZxid: bigint;
  /** Of the last op, in the order in which we learnt of them. */
  lastSeq: number;
  lastTimeMs: number;
  /** What the last op with data brought; `undefined` where none did. */
  data: Buffer | null | undefined;
  /** Last of all, a client deleted the node. One that is gone without that went with a session: nobody's wish. */
  isDeleted: boolean;
  /** Ops up to here lost a conflict and are passed over. */
  voidThrough: number;
  /** Ops up to here won one: the whole node is imposed, whatever the op says. */
  forcedThrough: number;
  /** Some are from before a restart: with the last op the whole node is compared, for a decision may not be carried out. */
  isReplayed: boolean;
}

export interface DirtyPath {
  source: Pending | undefined;
  target: Pending | undefined;
}

export interface Touch {
  readonly seq: number;
  readonly fields: number;
  readonly zxid: bigint;
  readonly timeMs: number;
  readonly data?: Buffer | null;
  readonly isDelete?: boolean;
}

export class DirtyTable {
  readonly #paths = new Map<string, DirtyPath>();

  get size(): number {
    return this.#paths.size;
  }

  get(path: string): DirtyPath | undefined {
    return this.#paths.get(path);
  }

  entries(): IterableIterator<[string, DirtyPath]> {
    return this.#paths.entries();
  }

  /** One more op of `side` at `path`; each is taken back with {@link done}. */
  mark(side: Side, path: string, touch: Touch): void {
    let entry = this.#paths.get(path);
    if (entry === undefined) {
      entry = { source: undefined, target: undefined };
      this.#paths.set(path, entry);
    }
    const pending = entry[side];
    if (pending === undefined) {
      entry[side] = {
        count: 1,
        fields: touch.fields,
        lastZxid: touch.zxid,
        lastSeq: touch.seq,
        lastTimeMs: touch.timeMs,
        data: touch.data,
        isDeleted: touch.isDelete === true,
        voidThrough: -1,
        forcedThrough: -1,
        isReplayed: false,
      };
      return;
    }
    pending.count++;
    pending.fields |= touch.fields;
    pending.lastSeq = touch.seq;
    pending.isDeleted = touch.isDelete === true;
    if (touch.zxid > pending.lastZxid) {
      pending.lastZxid = touch.zxid;
      pending.lastTimeMs = touch.timeMs;
    }
    if (touch.data !== undefined) pending.data = touch.data;
  }

  /** Takes one back; true when it was the last of `side`. */
  done(side: Side, path: string): boolean {
    const entry = this.#paths.get(path);
    const pending = entry?.[side];
    if (entry === undefined || pending === undefined) return true;
    if (--pending.count > 0) return false;
    entry[side] = undefined;
    if (entry.source === undefined && entry.target === undefined) this.#paths.delete(path);
    return true;
  }
}

/** Makes all that is pending void. */
export function makeVoid(pending: Pending | undefined): void {
  if (pending === undefined) return;
  pending.voidThrough = pending.lastSeq;
  pending.fields = 0;
}

/** Whether both sides changed the same thing of the node, so that not both changes can stay. */
export function overlap(entry: DirtyPath): boolean {
  const a = entry.source?.fields ?? 0;
  const b = entry.target?.fields ?? 0;
  if (a === 0 || b === 0) return false;
  return (a & b) !== 0 || ((a | b) & touches.existence) !== 0;
}
