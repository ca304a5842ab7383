import { type DigestMismatch, DigestSum, type MirrorState } from './digest.ts';
import { isAscii, PosixDigest } from './posix-digest.ts';

/** Keeps a tree's digest, and what is known of the tree from comparing it with the servers'. */
export class MirrorProof {
  readonly #sum = new DigestSum();
  readonly #posix = new PosixDigest();
  /** How the servers turn paths into bytes, once a digest over a path beyond ASCII has shown it. */
  #encoding: 'unknown' | 'utf8' | 'posix' = 'unknown';
  #state: MirrorState = 'consistent';
  #consistentFrom: bigint | undefined;
  #mismatch: DigestMismatch | undefined;

  get state(): MirrorState {
    return this.#state;
  }

  get mismatch(): DigestMismatch | undefined {
    return this.#mismatch;
  }

  /** As these servers count it. */
  get digest(): bigint {
    if (this.#encoding !== 'posix') return this.#sum.value;
    return BigInt.asIntN(64, this.#sum.value + BigInt(this.#posix.shift));
  }

  /** Forgets all; `fuzzy` when a snapshot is about to come. */
  begin(state: 'fuzzy' | 'consistent'): void {
    this.#sum.clear();
    this.#posix.clear();
    this.#encoding = 'unknown';
    this.#state = state;
    this.#consistentFrom = undefined;
    this.#mismatch = undefined;
  }

  /** A node got new data, which may be its first. */
  setData(path: string, data: Uint8Array | null): void {
    if (this.#encoding !== 'utf8' && !isAscii(path)) this.#posix.setData(path, data);
  }

  /** A node's share changed; its stat stands in `view` at `offset`. */
  replace(path: string, before: number, after: number, view: DataView, offset: number): void {
    this.#sum.subtract(before);
    this.#sum.add(after);
    if (!this.#posix.isEmpty) this.#posix.recount(path, before, after, view, offset);
  }

  remove(path: string, share: number): void {
    this.#sum.subtract(share);
    if (!this.#posix.isEmpty) this.#posix.remove(path, share);
  }

  /** The tree is exact once it holds `zxid`. */
  consistentFrom(zxid: bigint, held: bigint): void {
    this.#consistentFrom ??= zxid;
    this.#endWindow(held);
  }

  /** The tree now holds `zxid`, after which the servers' digest is `expected`, if they tell. */
  reached(zxid: bigint, expected: bigint | undefined): void {
    if (expected !== undefined) this.#verify(zxid, expected);
    this.#endWindow(zxid);
  }

  #verify(zxid: bigint, expected: bigint): void {
    if (this.#state === 'mismatch') return;
    if (this.#agrees(expected)) {
      this.#state = 'verified';
    } else if (this.#state !== 'fuzzy') {
      this.#state = 'mismatch';
      this.#mismatch = { zxid, expected, actual: this.digest };
    }
  }

  /** With no path beyond ASCII both encodings give the same sum, and a match says nothing of which it is. */
  #agrees(expected: bigint): boolean {
    if (this.#posix.isEmpty) return this.#sum.equals(expected);
    if (this.#encoding !== 'posix' && this.#sum.equals(expected)) {
      this.#encoding = 'utf8';
      this.#posix.clear();
      return true;
    }
    if (!this.#sum.equals(expected - BigInt(this.#posix.shift))) return false;
    this.#encoding = 'posix';
    return true;
  }

  #endWindow(held: bigint): void {
    if (this.#state !== 'fuzzy' || this.#consistentFrom === undefined || held < this.#consistentFrom) return;
    this.#state = 'consistent';
  }
}
