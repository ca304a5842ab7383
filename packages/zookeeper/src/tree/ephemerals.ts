import { nodeKind } from '../protocol/stat.ts';

/** Which ephemeral nodes belong to which session. */
export class EphemeralIndex {
  readonly #paths = new Map<bigint, Set<string>>();

  /** Ignores owners that mark other kinds of nodes. */
  add(owner: bigint, path: string): void {
    if (owner === 0n || nodeKind(owner) !== 'ephemeral') return;
    const known = this.#paths.get(owner);
    if (known === undefined) this.#paths.set(owner, new Set([path]));
    else known.add(path);
  }

  remove(owner: bigint, path: string): void {
    if (owner === 0n) return;
    const known = this.#paths.get(owner);
    if (known?.delete(path) === true && known.size === 0) this.#paths.delete(owner);
  }

  of(owner: bigint): readonly string[] {
    return [...(this.#paths.get(owner) ?? [])];
  }

  clear(): void {
    this.#paths.clear();
  }
}
