import { type Acl, openAcl } from '../protocol/acl.ts';

/** The id of {@link openAcl}, which most nodes carry. */
const openAclId = 0;

function keyOf(acl: readonly Acl[]): string {
  return JSON.stringify(acl.map((entry) => [entry.perms, entry.scheme, entry.id]));
}

interface Entry {
  readonly acl: readonly Acl[];
  readonly key: string;
  uses: number;
}

/** Each distinct ACL once, with a small number for it; one that no node uses any more is dropped. */
export class AclTable {
  readonly #entries: (Entry | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  readonly #freeIds: number[] = [];

  constructor() {
    this.acquire([...openAcl]);
  }

  acquire(acl: readonly Acl[]): number {
    if (acl === openAcl) return openAclId;
    const key = keyOf(acl);
    const known = this.#ids.get(key);
    const entry = known === undefined ? undefined : this.#entries[known];
    if (known !== undefined && entry !== undefined) {
      entry.uses++;
      return known;
    }
    const id = this.#freeIds.pop() ?? this.#entries.length;
    this.#entries[id] = { acl: id === openAclId ? openAcl : acl, key, uses: 1 };
    this.#ids.set(key, id);
    return id;
  }

  release(id: number): void {
    const entry = this.#entries[id];
    if (id === openAclId || entry === undefined || --entry.uses > 0) return;
    this.#entries[id] = undefined;
    this.#ids.delete(entry.key);
    this.#freeIds.push(id);
  }

  get(id: number): readonly Acl[] {
    return this.#entry(id).acl;
  }

  /** A text that is equal for equal ACLs. */
  key(id: number): string {
    return this.#entry(id).key;
  }

  clear(): void {
    this.#entries.length = 1;
    this.#freeIds.length = 0;
    this.#ids.clear();
    this.#ids.set(this.key(openAclId), openAclId);
  }

  #entry(id: number): Entry {
    const entry = this.#entries[id];
    if (entry === undefined) throw new RangeError(`no ACL has id ${id}`);
    return entry;
  }
}
