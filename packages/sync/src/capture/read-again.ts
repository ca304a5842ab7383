/** Reads paths again and says what their present state changes in the mirror. */
import { parentPath, type Tree, type TxnOp, type ZooKeeperClient } from '@orchestrator/zookeeper';
import {
  changesOf,
  deletions,
  type NodeReader,
  type NodeState,
  parentsOf,
  persistedCversion,
} from './node-reads.ts';

export interface Changes {
  /** Deletes first, then parents before children. */
  readonly ops: readonly TxnOp[];
  /** Paths that have to be read before all can be told. */
  readonly alsoRead: readonly string[];
  readonly forbidden: readonly string[];
}

/** `paths` in order. */
export async function readAgain(
  tree: Tree,
  paths: readonly string[],
  { client, reader }: { readonly client: ZooKeeperClient; readonly reader: NodeReader },
): Promise<Changes> {
  const answers = await Promise.all(paths.map(async (path) => ({ path, answer: await reader.read(path) })));
  const states: NodeState[] = [];
  const gone = new Map<string, TxnOp>();
  const forbidden: string[] = [];
  for (const { path, answer } of answers) {
    if (answer === 'missing') for (const op of deletions(tree, path)) if ('path' in op) gone.set(op.path, op);
    if (answer === 'forbidden') forbidden.push(path);
    if (typeof answer !== 'string') states.push(answer);
  }
  const counters = await readCounters(client, parentsOf(tree, states));
  const ops: TxnOp[] = [...gone.values()].sort(deepestFirst);
  const alsoRead: string[] = [];
  const created = new Set<string>();
  for (const state of states) {
    alsoRead.push(...childrenToRead(tree, state));
    const parent = parentPath(state.path);
    if (state.path !== '/' && !tree.has(parent) && !created.has(parent)) {
      alsoRead.push(parent, state.path);
      continue;
    }
    if (!tree.has(state.path)) created.add(state.path);
    for (const op of changesOf(tree, state, counters.get(parent) ?? -1)) {
      ops.push(op);
      // Made anew, and what was below it went; it may be there again.
      if (op.kind === 'delete' && op.path !== state.path) alsoRead.push(op.path);
    }
  }
  return { ops, alsoRead, forbidden };
}

const depthOf = (op: TxnOp) => ('path' in op ? op.path.split('/').length : 0);
const deepestFirst = (a: TxnOp, b: TxnOp) => depthOf(b) - depthOf(a);

async function readCounters(
  client: ZooKeeperClient,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const counters = new Map<string, number>();
  await Promise.all(
    parents.map(async (path) => {
      const { stat } = await client.exists(path);
      if (stat !== null) counters.set(path, persistedCversion(stat));
    }),
  );
  return counters;
}

/** One-shot watches tell that the list of children has changed, not how. */
function childrenToRead(tree: Tree, { path, children }: NodeState): string[] {
  if (children === undefined) return [];
  const known = new Set(tree.children(path));
  const added = children.filter((child) => !known.delete(child));
  return [...added, ...known];
}
