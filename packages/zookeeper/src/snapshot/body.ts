/**
 * The body that snapshot files and a leader's SNAP share, the same from 3.4 to 3.9:
 *
 *   int sessions | sessions × {long id | int timeout}
 *   int acls     | acls × {long key | vec<ACL>}
 *   nodes        × {str path | buf data | long aclKey | StatPersisted}     parents first; the root's path is empty
 *   str "/"
 *
 * An aclKey of -1 stands for the open ACL.
 */
import { JuteError } from '../jute/errors.ts';
import { JuteReader } from '../jute/reader.ts';
import { type Acl, openAcl, readAcl } from '../protocol/acl.ts';
import { readPersistedStat } from '../protocol/stat.ts';
import type { Session, SnapshotNode } from '../tree/node.ts';

export const openAclKey = -1n;
const sessionBytes = 12;
/** long aclKey | StatPersisted */
const nodeTailBytes = 8 + 60;
/** A length over this is no length of ours to wait for. */
const longestField = 1 << 30;

export interface SnapshotVisitor {
  session?(session: Session): void;
  node?(node: SnapshotNode): void;
}

type Section = 'sessionCount' | 'sessions' | 'aclCount' | 'acls' | 'nodes' | 'done';

/**
 * Reads a body piece by piece, never waiting for more than one node. Without a visitor it only finds the end, which takes
 * a fraction of the time.
 */
export class SnapshotBodyReader {
  readonly #visitor: SnapshotVisitor | undefined;
  readonly #acls = new Map<bigint, readonly Acl[]>([[openAclKey, openAcl]]);
  #section: Section = 'sessionCount';
  #left = 0;

  constructor(visitor?: SnapshotVisitor) {
    this.#visitor = visitor;
  }

  get done(): boolean {
    return this.#section === 'done';
  }

  /** Like `measurePacket`: the length of the element at `offset` once it is complete (and then it is read), else minus what it needs. */
  step(bytes: Buffer, offset: number): number {
    switch (this.#section) {
      case 'sessionCount':
        return this.#count(bytes, offset, 'sessions', 'aclCount');
      case 'sessions':
        return this.#session(bytes, offset);
      case 'aclCount':
        return this.#count(bytes, offset, 'acls', 'nodes');
      case 'acls':
        return this.#acl(bytes, offset);
      case 'nodes':
        return this.#node(bytes, offset);
      case 'done':
        return 0;
    }
  }

  #count(bytes: Buffer, offset: number, items: Section, none: Section): number {
    if (bytes.length - offset < 4) return -4;
    this.#left = bytes.readInt32BE(offset);
    if (this.#left < 0) throw new JuteError(`snapshot announces ${this.#left} ${items}`);
    this.#section = this.#left > 0 ? items : none;
    return 4;
  }

  #countDown(next: Section): void {
    if (--this.#left === 0) this.#section = next;
  }

  #session(bytes: Buffer, offset: number): number {
    if (bytes.length - offset < sessionBytes) return -sessionBytes;
    this.#visitor?.session?.({ id: bytes.readBigInt64BE(offset), timeoutMs: bytes.readInt32BE(offset + 8) });
    this.#countDown('aclCount');
    return sessionBytes;
  }

  #acl(bytes: Buffer, offset: number): number {
    const available = bytes.length - offset;
    let length = 12;
    if (available < length) return -length;
    const entries = fieldLength(bytes, offset + 8);
    for (let entry = 0; entry < entries; entry++) {
      length += 4;
      for (let text = 0; text < 2; text++) {
        length += 4;
        if (available < length) return -length;
        length += fieldLength(bytes, offset + length - 4);
        if (available < length) return -length;
      }
    }
    if (this.#visitor !== undefined) {
      const reader = new JuteReader(bytes, offset);
      this.#acls.set(reader.long(), reader.vector(readAcl, 12));
    }
    this.#countDown('nodes');
    return length;
  }

  #node(bytes: Buffer, offset: number): number {
    const available = bytes.length - offset;
    if (available < 5) return -5;
    const pathLength = fieldLength(bytes, offset);
    if (pathLength === 1) return this.#end(bytes, offset);
    const dataAt = 4 + pathLength;
    if (available < dataAt + 4) return -(dataAt + 4);
    const length = dataAt + 4 + fieldLength(bytes, offset + dataAt) + nodeTailBytes;
    if (available < length) return -length;
    this.#visitor?.node?.(this.#readNode(new JuteReader(bytes, offset)));
    return length;
  }

  /** Every path but the root's starts with a slash and has a name, so one character is the end mark. */
  #end(bytes: Buffer, offset: number): number {
    if (bytes[offset + 4] !== 47) throw new JuteError('snapshot holds a path of one character');
    this.#section = 'done';
    return 5;
  }

  #readNode(reader: JuteReader): SnapshotNode {
    const path = reader.string();
    const data = reader.buffer();
    const aclKey = reader.long();
    const acl = this.#acls.get(aclKey);
    if (acl === undefined)
      throw new JuteError(`${path} refers to ACL ${aclKey}, which the snapshot does not hold`);
    return { path: path === '' ? '/' : path, data, acl, stat: readPersistedStat(reader) };
  }
}

function fieldLength(bytes: Buffer, offset: number): number {
  const length = bytes.readInt32BE(offset);
  if (length < -1 || length > longestField) throw new JuteError(`field of ${length} bytes in a snapshot`);
  return Math.max(0, length);
}
