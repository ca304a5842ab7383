/** The other direction of `body.ts`. */
import type { JuteWriter } from '../jute/writer.ts';
import { type Acl, openAcl, writeAcl } from '../protocol/acl.ts';
import { writePersistedStat } from '../protocol/stat.ts';
import type { Session, SnapshotNode } from '../tree/node.ts';
import { openAclKey } from './body.ts';

/** Numbers the ACLs that a snapshot's nodes refer to. */
export class AclKeys {
  readonly #byIdentity = new Map<readonly Acl[], bigint>([[openAcl, openAclKey]]);
  readonly #byContent = new Map<string, bigint>();
  readonly #lists: (readonly Acl[])[] = [];

  /** Equal lists get the same key. */
  keyOf(acl: readonly Acl[]): bigint {
    const known = this.#byIdentity.get(acl);
    if (known !== undefined) return known;
    const content = JSON.stringify(acl.map(({ perms, scheme, id }) => [perms, scheme, id]));
    let key = this.#byContent.get(content);
    if (key === undefined) {
      key = BigInt(this.#lists.push(acl));
      this.#byContent.set(content, key);
    }
    this.#byIdentity.set(acl, key);
    return key;
  }

  /** Keys are 1 to their number, in order. */
  get lists(): readonly (readonly Acl[])[] {
    return this.#lists;
  }
}

export function writeSessions(writer: JuteWriter, sessions: readonly Session[]): void {
  writer.vector(sessions, (into, session) => into.long(session.id).int(session.timeoutMs));
}

export function writeAcls(writer: JuteWriter, keys: AclKeys): void {
  writer.int(keys.lists.length);
  for (const [index, acl] of keys.lists.entries()) writer.long(BigInt(index + 1)).vector(acl, writeAcl);
}

export function writeNode(writer: JuteWriter, node: SnapshotNode, keys: AclKeys): void {
  writer.string(node.path === '/' ? '' : node.path);
  writer.buffer(node.data).long(keys.keyOf(node.acl));
  writePersistedStat(writer, node.stat);
}

export function writeBodyEnd(writer: JuteWriter): void {
  writer.string('/');
}
