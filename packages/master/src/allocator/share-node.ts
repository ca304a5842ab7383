/** A framework in one of its roles. */
export interface Leaf {
  readonly role: string;
  readonly frameworkId: string;
}

/** A role, a role's own entry among its children (key `.`), or a framework in a role. */
export interface ShareNode<L extends Leaf> {
  readonly parent: ShareNode<L> | undefined;
  readonly key: string;
  /** The role's path, or the framework's id. */
  readonly path: string;
  readonly amounts: number[];
  /** In order, but for those that have moved since the last `putInOrder`. */
  readonly children: ShareNode<L>[];
  readonly byKey: Map<string, ShareNode<L>>;
  weight: number;
  share: number;
  /** How often it has been served. */
  allocations: number;
  /** Leaves at or below it that are to be served. */
  activeLeaves: number;
  leaf: L | undefined;
}

function createNode<L extends Leaf>(
  parent: ShareNode<L> | undefined,
  key: string,
  path: string,
): ShareNode<L> {
  return {
    parent,
    key,
    path,
    amounts: [],
    children: [],
    byKey: new Map(),
    weight: 1,
    share: 0,
    allocations: 0,
    activeLeaves: 0,
    leaf: undefined,
  };
}

export function createRoot<L extends Leaf>(): ShareNode<L> {
  return createNode(undefined, '', '');
}

/** The child under this key; made, at the end of its siblings, where there is none. */
export function childOf<L extends Leaf>(parent: ShareNode<L>, key: string, path: string): ShareNode<L> {
  const known = parent.byKey.get(key);
  if (known !== undefined) return known;
  const node = createNode(parent, key, path);
  parent.byKey.set(key, node);
  parent.children.push(node);
  return node;
}

/** The node and all above it, the root included. */
export function* ancestry<L extends Leaf>(node: ShareNode<L>): Iterable<ShareNode<L>> {
  for (let each: ShareNode<L> | undefined = node; each !== undefined; each = each.parent) yield each;
}

/** Takes out the node and all above it that have no other child; returns what was taken out. */
export function removeEmpty<L extends Leaf>(node: ShareNode<L>): readonly ShareNode<L>[] {
  const gone: ShareNode<L>[] = [];
  for (let each = node; each.parent !== undefined && each.children.length === 0; each = each.parent) {
    each.parent.children.splice(each.parent.children.indexOf(each), 1);
    each.parent.byKey.delete(each.key);
    gone.push(each);
  }
  return gone;
}

/** Up to this many moved siblings are put in their place one by one; more are sorted with the others. */
const fewMoved = 8;

/** Gives the moved nodes their new shares and puts each in its place among its siblings. */
export function putInOrder<L extends Leaf>(
  moved: Iterable<ShareNode<L>>,
  shareOf: (node: ShareNode<L>) => number,
): void {
  const byParent = new Map<ShareNode<L>, ShareNode<L>[]>();
  for (const node of moved) {
    if (node.parent === undefined) continue;
    const siblings = byParent.get(node.parent);
    if (siblings === undefined) byParent.set(node.parent, [node]);
    else siblings.push(node);
  }
  for (const [{ children }, nodes] of byParent) {
    // All leave before any returns: a place is found by halving, and that needs the others in order.
    const few = nodes.length <= fewMoved;
    if (few) for (const node of nodes) children.splice(children.indexOf(node), 1);
    for (const node of nodes) node.share = shareOf(node);
    if (few) for (const node of nodes) children.splice(placeOf(node, children), 0, node);
    else children.sort(compareSiblings);
  }
}

/** Gives every node below this one its new share, and sorts all. */
export function sortBelow<L extends Leaf>(node: ShareNode<L>, shareOf: (node: ShareNode<L>) => number): void {
  for (const child of node.children) {
    child.share = shareOf(child);
    sortBelow(child, shareOf);
  }
  node.children.sort(compareSiblings);
}

/** Shows the active leaves below a node in order; false once `take` has said to stop. */
export function visitLeaves<L extends Leaf>(node: ShareNode<L>, take: (leaf: L) => 'next' | 'stop'): boolean {
  if (node.activeLeaves === 0) return true;
  if (node.leaf !== undefined) return take(node.leaf) === 'next';
  return node.children.every((child) => visitLeaves(child, take));
}

/** Orders two leaves by where their paths from the root part. */
export function comparePaths<L extends Leaf>(a: readonly ShareNode<L>[], b: readonly ShareNode<L>[]): number {
  for (let depth = 0; ; depth++) {
    const left = a[depth];
    const right = b[depth];
    if (left === undefined || right === undefined) return 0;
    if (left !== right) return compareSiblings(left, right);
  }
}

function compareSiblings<L extends Leaf>(a: ShareNode<L>, b: ShareNode<L>): number {
  if (a.share !== b.share) return a.share - b.share;
  if (a.allocations !== b.allocations) return a.allocations - b.allocations;
  return a.key < b.key ? -1 : 1;
}

function placeOf<L extends Leaf>(node: ShareNode<L>, siblings: readonly ShareNode<L>[]): number {
  let low = 0;
  let high = siblings.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = siblings[middle];
    if (other !== undefined && compareSiblings(other, node) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
