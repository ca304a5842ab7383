import { type Amounts, addTo, subtractFrom } from './amounts.ts';
import {
  ancestry,
  childOf,
  comparePaths,
  createRoot,
  type Leaf,
  putInOrder,
  removeEmpty,
  type ShareNode,
  sortBelow,
  visitLeaves,
} from './share-node.ts';

/**
 * Who is served next: weighted dominant resource fairness over hierarchical roles.
 *
 * One tree holds roles and frameworks. Below each role stand its child roles and one entry for the role itself, below
 * that the frameworks subscribed in it. Siblings are ordered by their share (the largest part of any one resource they
 * hold, divided by their weight), then by how many allocations they hold, then by name; leaves are served in pre-order.
 *
 *     (root)
 *       ├── eng                0.30
 *       │     ├── .            0.10 ── framework 1, framework 2
 *       │     └── eng/web      0.20 ── . ── framework 3
 *       └── ops                0.40 ── . ── framework 1
 *
 * Source: Ghodsi et al., "Dominant Resource Fairness"; Mesos orders in the same way.
 */
export class ShareTree<L extends Leaf> {
  readonly #root: ShareNode<L> = createRoot();
  readonly #roles = new Map<string, ShareNode<L>>();
  readonly #leaves = new Map<L, ShareNode<L>>();
  readonly #weights = new Map<string, number>();
  readonly #excluded: ReadonlySet<number>;
  #total: readonly number[] = [];
  #allStale = false;
  /** Nodes whose share has changed since they were put in their place. */
  readonly #moved = new Set<ShareNode<L>>();

  /** @param excluded - indexes of scalars that do not count for fairness, as `--fair_sharing_excluded_resource_names`. */
  constructor(excluded: ReadonlySet<number> = new Set()) {
    this.#excluded = excluded;
  }

  /** What shares are parts of: all scalars of all agents. */
  setTotal(total: Amounts): void {
    this.#total = [...total];
    this.#allStale = true;
  }

  /** 1 is the default; a role of weight 2 is entitled to twice the share of its siblings. */
  setWeight(role: string, weight: number): void {
    this.#weights.set(role, weight);
    const node = this.#roles.get(role);
    if (node === undefined) return;
    node.weight = weight;
    this.#moved.add(node);
  }

  /** Passed over until `setActive`. */
  add(leaf: L): void {
    if (this.#leaves.has(leaf)) return;
    const self = childOf(this.#role(leaf.role), '.', '');
    const node = childOf(self, leaf.frameworkId, leaf.frameworkId);
    node.leaf = leaf;
    this.#leaves.set(leaf, node);
    for (const each of ancestry(node)) this.#moved.add(each);
  }

  /** It must hold nothing any more. */
  remove(leaf: L): void {
    const node = this.#leaves.get(leaf);
    if (node === undefined) return;
    this.setActive(leaf, false);
    this.#leaves.delete(leaf);
    for (const gone of removeEmpty(node)) {
      this.#moved.delete(gone);
      if (this.#roles.get(gone.path) === gone) this.#roles.delete(gone.path);
    }
  }

  /** Leaves that are not active (suppressed, disconnected) are passed over. */
  setActive(leaf: L, active: boolean): void {
    const node = this.#leaves.get(leaf);
    if (node === undefined || node.activeLeaves > 0 === active) return;
    for (const each of ancestry(node)) each.activeLeaves += active ? 1 : -1;
  }

  allocate(leaf: L, amounts: Amounts): void {
    for (const each of this.#path(leaf)) {
      addTo(each.amounts, amounts);
      each.allocations++;
      this.#moved.add(each);
    }
  }

  recover(leaf: L, amounts: Amounts): void {
    for (const each of this.#path(leaf)) {
      subtractFrom(each.amounts, amounts);
      this.#moved.add(each);
    }
  }

  /** Shows the active leaves, the one to be served first before all others, until `take` says to stop. */
  visit(take: (leaf: L) => 'next' | 'stop'): void {
    this.#putInOrder();
    visitLeaves(this.#root, take);
  }

  /** The active ones of these leaves, the one to be served first before the others. */
  inOrder(leaves: Iterable<L>): L[] {
    this.#putInOrder();
    const paths: ShareNode<L>[][] = [];
    for (const leaf of leaves) {
      const node = this.#leaves.get(leaf);
      if (node !== undefined && node.activeLeaves > 0) paths.push([...ancestry(node)].reverse());
    }
    return paths.sort(comparePaths).flatMap((path) => path.at(-1)?.leaf ?? []);
  }

  /** The share of one framework in a role: 0 to 1 and more. */
  shareOf(leaf: L): number {
    const node = this.#leaves.get(leaf);
    return node === undefined ? 0 : this.#shareOfNode(node);
  }

  /** The share of a role with all below it, divided by its weight. */
  shareOfRole(role: string): number {
    const node = this.#roles.get(role);
    return node === undefined ? 0 : this.#shareOfNode(node);
  }

  #role(role: string): ShareNode<L> {
    const known = this.#roles.get(role);
    if (known !== undefined) return known;
    const cut = role.lastIndexOf('/');
    const parent = cut === -1 ? this.#root : this.#role(role.slice(0, cut));
    const node = childOf(parent, role.slice(cut + 1), role);
    node.weight = this.#weights.get(role) ?? 1;
    this.#roles.set(role, node);
    return node;
  }

  #path(leaf: L): Iterable<ShareNode<L>> {
    const node = this.#leaves.get(leaf);
    if (node === undefined) {
      throw new Error(`framework ${leaf.frameworkId} is not subscribed in role ${leaf.role}`);
    }
    return ancestry(node);
  }

  #putInOrder(): void {
    const shareOf = (node: ShareNode<L>) => this.#shareOfNode(node);
    if (this.#allStale) sortBelow(this.#root, shareOf);
    else putInOrder(this.#moved, shareOf);
    this.#allStale = false;
    this.#moved.clear();
  }

  #shareOfNode(node: ShareNode<L>): number {
    let largest = 0;
    for (let index = 0; index < node.amounts.length; index++) {
      const total = this.#total[index] ?? 0;
      if (total <= 0 || this.#excluded.has(index)) continue;
      largest = Math.max(largest, (node.amounts[index] ?? 0) / total);
    }
    return largest / node.weight;
  }
}
