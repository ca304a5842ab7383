/**
 * The paths where one side has changes that the other has not echoed yet. A path that is not here is clean: both mirrors
 * agree on it, or differ in a way that is recorded (held, blocked).
 */
import type { Side } from './types.ts';

/** What of a node a change touches; changes that touch different things travel both ways without conflict. */
export const touches = { data: 1, acl: 2, existence: 4, all: 7 } as const;

/** One side's changes of one path that are not on the other side yet. */
export class Pending {
  /** Ops queued or in flight. */
  count = 0;
  lastZxid = 0n;
  /** Of the last op, in the order in which we learnt of them. */
  lastSeq = -1;
  lastTimeMs = 0;
  /** What the last op with data brought; `undefined` where none did. */
  data: Buffer | null | undefined;
  /** Last of all, a client deleted the node. One that is gone without that went with a session: nobody's wish. */
  isDeleted = false;
  /** Ops up to here lost a conflict and are passed over. */
  voidThrough = -1;
  /** Ops up to here won one: the whole node is imposed, whatever the op says. */
  forcedThrough = -1;
  /** Some are from before a restart: with the last op the whole node is compared, for a decision may not be carried out. */
  isReplayed = false;
  /** The last op that touched each. */
  #dataSeq = -1;
  #aclSeq = -1;
  #existenceSeq = -1;

  /** Sum of {@link touches}; 0 once a decision has made all of them void. */
  get fields(): number {
    return (
      (this.#dataSeq > this.voidThrough ? touches.data : 0) |
      (this.#aclSeq > this.voidThrough ? touches.acl : 0) |
      (this.#existenceSeq > this.voidThrough ? touches.existence : 0)
    );
  }

  add({ seq, fields, zxid, timeMs, data, isDelete }: Touch): void {
    this.count++;
    this.lastSeq = seq;
    this.isDeleted = isDelete === true;
    if (fields & touches.data) this.#dataSeq = seq;
    if (fields & touches.acl) this.#aclSeq = seq;
    if (fields & touches.existence) this.#existenceSeq = seq;
    if (zxid > this.lastZxid || this.count === 1) {
      this.lastZxid = zxid;
      this.lastTimeMs = timeMs;
    }
    if (data !== undefined) this.data = data;
  }
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
    entry[side] ??= new Pending();
    entry[side].add(touch);
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
  if (pending !== undefined) pending.voidThrough = pending.lastSeq;
}

/** Whether both sides changed the same thing of the node, so that not both changes can stay. */
export function overlap(entry: DirtyPath): boolean {
  const a = entry.source?.fields ?? 0;
  const b = entry.target?.fields ?? 0;
  if (a === 0 || b === 0) return false;
  return (a & b) !== 0 || ((a | b) & touches.existence) !== 0;
}
