/** Compares the two mirrors: fast, and as good as the digests that prove them. */
import { setImmediate } from 'node:timers/promises';
import type { Tree, TreeNode } from '@orchestrator/zookeeper';
import type { Scope } from '../core/scope.ts';
import type { NodeView } from './node-view.ts';
import type { Tally } from './tally.ts';

const nodesPerTurn = 2_000;

function viewOf(node: TreeNode | undefined): NodeView | undefined {
  if (node === undefined) return undefined;
  const { dataHash, dataLength, acl, stat, numChildren } = node;
  const { version, aversion, ephemeralOwner, cversion } = stat;
  return {
    dataHash,
    dataLength,
    acl,
    version,
    aversion,
    ephemeralOwner,
    nextSequence: cversion,
    numChildren,
  };
}

export interface MirrorComparison {
  readonly source: Tree;
  readonly target: Tree;
  readonly scope: Scope;
  readonly tally: Tally;
  readonly onNode: () => void;
  readonly signal: AbortSignal;
}

export async function compareMirrors(comparison: MirrorComparison): Promise<void> {
  const { source, target, scope, tally, onNode, signal } = comparison;
  let inTurn = 0;
  const pause = async () => {
    if (++inTurn % nodesPerTurn !== 0) return;
    signal.throwIfAborted();
    await setImmediate();
  };
  for (const root of scope.roots) {
    for (const node of source.walk(root, { data: false })) {
      await pause();
      if (!scope.includes(node.path)) continue;
      tally.take(node.path, viewOf(node), viewOf(target.get(node.path)));
      onNode();
    }
    for (const node of target.walk(root, { data: false })) {
      await pause();
      if (!scope.includes(node.path) || source.has(node.path)) continue;
      tally.take(node.path, undefined, viewOf(node));
      onNode();
    }
  }
}
