/** How two trees, or two parts of them, differ. Used to prove that a target holds what its source holds. */
import { setImmediate } from 'node:timers/promises';
import type { Acl } from '../protocol/acl.ts';
import { hashAsBigint, hashText } from './data-hash.ts';
import type { TreeNode, WalkOptions } from './node.ts';
import { comparePaths } from './path.ts';

/** A few milliseconds of work. */
const nodesPerTurn = 2000;

/** What of a node is compared. `children` is their number; `existence` always counts. */
export type ComparedField =
  | 'data'
  | 'acl'
  | 'version'
  | 'aversion'
  | 'cversion'
  | 'ctime'
  | 'mtime'
  | 'czxid'
  | 'mzxid'
  | 'pzxid'
  | 'ephemeralOwner'
  | 'children';

/** What two ensembles can agree on: zxids and times differ unless the target was seeded. */
export const defaultFields: readonly ComparedField[] = ['data', 'acl', 'version', 'aversion'];

/** A `Tree` is one. */
export interface WalkableTree {
  walk(prefix?: string, options?: WalkOptions): Iterable<TreeNode>;
}

export interface CompareOptions {
  /** Default: the whole tree. */
  readonly prefix?: string;
  /** Default {@link defaultFields}. */
  readonly fields?: readonly ComparedField[];
  /** Paths to pass over, with all below them. Default none. */
  readonly ignore?: (path: string) => boolean;
}

export type FieldValue = string | number | bigint;

export type TreeDifference =
  /** The node is in one tree only. */
  | { readonly path: string; readonly kind: 'onlyInA' | 'onlyInB' }
  | {
      readonly path: string;
      readonly kind: 'field';
      readonly field: ComparedField;
      /** Values to show; of data, its hash and length. */
      readonly a: FieldValue;
      readonly b: FieldValue;
    };

/** A text that is equal for equal ACLs. */
function aclText(acl: readonly Acl[]): string {
  return acl.map(({ perms, scheme, id }) => `${scheme}:${id}:${perms}`).join(',');
}

function fieldValue(node: TreeNode, field: ComparedField): FieldValue {
  switch (field) {
    case 'data':
      return `${node.dataHash.toString(16).padStart(16, '0')} (${node.dataLength} bytes)`;
    case 'acl':
      return aclText(node.acl);
    case 'children':
      return node.numChildren;
    default:
      return node.stat[field];
  }
}

/** Cheaper than to compare the values that are shown. */
function isSame(a: TreeNode, b: TreeNode, field: ComparedField): boolean {
  if (field === 'data') return a.dataHash === b.dataHash && a.dataLength === b.dataLength;
  if (field === 'acl') return a.acl === b.acl || aclText(a.acl) === aclText(b.acl);
  return fieldValue(a, field) === fieldValue(b, field);
}

function* wanted(tree: WalkableTree, options: CompareOptions): Generator<TreeNode, undefined> {
  let skipped: string | undefined;
  for (const node of tree.walk(options.prefix ?? '/', { data: false })) {
    if (skipped !== undefined && node.path.startsWith(skipped)) continue;
    if (options.ignore?.(node.path) === true) {
      skipped = node.path === '/' ? '/' : `${node.path}/`;
      continue;
    }
    yield node;
  }
  return undefined;
}

/**
 * Every difference, in the order of a walk, found in one pass over both trees that lets others have their turn. What changes
 * in either tree meanwhile may show up, or not.
 */
export async function* compareTrees(
  a: WalkableTree,
  b: WalkableTree,
  options: CompareOptions = {},
): AsyncGenerator<TreeDifference> {
  const fields = options.fields ?? defaultFields;
  const walkA = wanted(a, options);
  const walkB = wanted(b, options);
  let nodeA = walkA.next().value;
  let nodeB = walkB.next().value;
  for (let steps = 1; nodeA !== undefined || nodeB !== undefined; steps++) {
    const order = nodeA === undefined ? 1 : nodeB === undefined ? -1 : comparePaths(nodeA.path, nodeB.path);
    if (nodeA !== undefined && order < 0) {
      yield { path: nodeA.path, kind: 'onlyInA' };
    } else if (nodeB !== undefined && order > 0) {
      yield { path: nodeB.path, kind: 'onlyInB' };
    } else if (nodeA !== undefined && nodeB !== undefined) {
      yield* compareNodes(nodeA, nodeB, fields);
    }
    if (order <= 0) nodeA = walkA.next().value;
    if (order >= 0) nodeB = walkB.next().value;
    if (steps % nodesPerTurn === 0) await setImmediate();
  }
}

/** Differences of two nodes of the same path. */
export function* compareNodes(
  a: TreeNode,
  b: TreeNode,
  fields: readonly ComparedField[] = defaultFields,
): Generator<TreeDifference> {
  for (const field of fields) {
    if (isSame(a, b, field)) continue;
    yield { path: a.path, kind: 'field', field, a: fieldValue(a, field), b: fieldValue(b, field) };
  }
}

export interface SubtreeChecksum {
  readonly nodes: number;
  /** Unsigned, 64 bits; the same for equal parts of trees, in whatever order they were built. */
  readonly checksum: bigint;
}

/**
 * Sums up a subtree, so that two sides need to exchange one number to agree that it is equal. Not a proof against forgery.
 */
export async function checksumSubtree(
  tree: WalkableTree,
  options: CompareOptions = {},
): Promise<SubtreeChecksum> {
  const fields = options.fields ?? defaultFields;
  let nodes = 0;
  let checksum = 0n;
  for (const node of wanted(tree, options)) {
    const text = fields.map((field) => fieldValue(node, field)).join('\n');
    const { high, low } = hashText(`${node.path}\n${text}`);
    checksum += hashAsBigint(high, low);
    if (++nodes % nodesPerTurn === 0) await setImmediate();
  }
  return { nodes, checksum: BigInt.asUintN(64, checksum) };
}
