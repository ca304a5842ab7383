import { setImmediate } from 'node:timers/promises';
import { ZooKeeperError } from '../errors.ts';
import { parentPath } from '../protocol/path.ts';
import type { SnapshotNode, TreeNode } from '../tree/node.ts';
import {
  applyChanges,
  changesOf,
  configNode,
  configPath,
  DroppedSubtree,
  hasConfigNode,
  isDropped,
  isSequential,
  type SeedChange,
  type SeedContext,
  type SeedRules,
} from './seed-rules.ts';

const listedPaths = 1000;
const nodesPerTurn = 2000;

/** What befell which nodes: all are counted, not all are listed. */
export class ChangeLog {
  readonly counts: Partial<Record<SeedChange, number>> = {};
  readonly paths: Partial<Record<SeedChange, string[]>> = {};

  note(path: string, changes: readonly SeedChange[]): void {
    for (const change of changes) {
      this.counts[change] = (this.counts[change] ?? 0) + 1;
      const list = this.paths[change] ?? [];
      this.paths[change] = list;
      if (list.length < listedPaths) list.push(path);
    }
  }
}

/** Nodes that take the place of the source's, or join them: those asked for and the target's own configuration. */
export function ownNodes(
  rules: SeedRules,
  asked: readonly SnapshotNode[],
): ReadonlyMap<string, SnapshotNode> {
  const own = new Map(asked.map((node) => [node.path, node]));
  if (hasConfigNode(rules.targetVersion) && !own.has(configPath)) own.set(configPath, configNode(rules));
  return own;
}

/** A node on its way into the file; data may be missing where the source was not asked for it. */
export type SelectedNode = Omit<SnapshotNode, 'data'> & { readonly data?: Buffer | null };

/** The nodes to write in the order of writing, each as it is to be written, with a pause now and then for others. */
export async function* selectNodes(
  source: Iterable<TreeNode>,
  context: SeedContext,
  own: ReadonlyMap<string, SnapshotNode>,
  log?: ChangeLog,
): AsyncGenerator<SelectedNode> {
  const dropped = new DroppedSubtree();
  const waiting = new Map(own);
  const parents = new ParentCheck(own);
  let inTurn = 0;
  for (const node of source) {
    if (++inTurn % nodesPerTurn === 0) await setImmediate();
    if (dropped.covers(node.path)) continue;
    const replacement = own.get(node.path);
    if (replacement !== undefined) {
      waiting.delete(node.path);
      log?.note(node.path, [node.path === configPath ? 'ensemble' : 'replaced']);
      yield parents.checked(replacement);
      continue;
    }
    const changes = changesOf(node, context);
    log?.note(node.path, changes);
    if (isDropped(changes)) dropped.drop(node.path);
    else yield parents.checked(applyChanges(node, changes, context.rules));
  }
  for (const node of waiting.values()) yield parents.checked(node);
}

/** A snapshot in which a node comes without its parent is one that no server loads. */
class ParentCheck {
  readonly #own: ReadonlyMap<string, SnapshotNode>;
  readonly #awaited: ReadonlySet<string>;
  readonly #seen = new Set<string>();

  constructor(own: ReadonlyMap<string, SnapshotNode>) {
    this.#own = own;
    this.#awaited = new Set([...own.keys()].map(parentPath));
  }

  checked(node: SelectedNode): SelectedNode {
    if (this.#awaited.has(node.path)) this.#seen.add(node.path);
    const parent = parentPath(node.path);
    if (!this.#own.has(node.path) || node.path === '/' || this.#seen.has(parent)) return node;
    throw new ZooKeeperError(
      'InvalidOption',
      `${node.path} is to be added, but ${parent} is not part of the snapshot`,
      {
        path: node.path,
      },
    );
  }
}

/** Parents that have children with numbers at the end of their names. */
export async function findSequenceParents(source: Iterable<TreeNode>): Promise<Set<string>> {
  const parents = new Set<string>();
  let inTurn = 0;
  for (const node of source) {
    if (isSequential(node.path)) parents.add(parentPath(node.path));
    if (++inTurn % nodesPerTurn === 0) await setImmediate();
  }
  return parents;
}
