/** Which paths did clients touch on one side while nobody was looking? */
import { observe, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';
import { ownRoot } from '../znodes.ts';

/** Over this many paths, to compare everything by its stats costs less than to remember them. */
const mostPaths = 1_000_000;

/** Whether a transaction is the engine's: then it writes one of the engine's znodes. */
export function isOwn(txn: Txn): boolean {
  return txn.ops.some((op) => 'path' in op && op.path.startsWith(`${ownRoot}/`));
}

function touchedBy(op: TxnOp): readonly string[] {
  switch (op.kind) {
    case 'create':
    case 'delete':
    case 'setData':
    case 'setAcl':
      return [op.path];
    case 'closeSession':
      return op.paths ?? [];
    default:
      return [];
  }
}

export interface WindowRequest {
  readonly ensemble: ReachableEnsemble;
  readonly workFolder: string;
  /** The last transaction that has been dealt with. */
  readonly after: bigint;
  /** The mirror's; the window ends here. */
  readonly upTo: bigint;
  readonly signal?: AbortSignal;
}

/**
 * The paths that clients touched in `(after, upTo]`, by resuming the stream where it was left. `null` when the ensemble
 * does not keep so long a history and would send a snapshot instead.
 */
export async function fetchWindow(request: WindowRequest): Promise<ReadonlySet<string> | null> {
  const paths = new Set<string>();
  if (request.after >= request.upTo) return paths;
  const observer = observe({
    ...request.ensemble.observer,
    servers: request.ensemble.quorumServers,
    resumeFrom: request.after,
    spool: { folder: request.workFolder },
  });
  const abort = () => observer.close();
  request.signal?.addEventListener('abort', abort, { once: true });
  try {
    for await (const event of observer) {
      if (event.type === 'snapshot' || event.type === 'trunc') return null;
      if (event.type === 'txns') collect(event.txns, request.upTo, paths);
      if (paths.size > mostPaths) return null;
      if (event.type === 'synced' || observer.delivered >= request.upTo) return paths;
    }
    return null;
  } finally {
    request.signal?.removeEventListener('abort', abort);
  }
}

function collect(txns: readonly Txn[], upTo: bigint, paths: Set<string>): void {
  for (const txn of txns) {
    if (txn.zxid > upTo) return;
    if (isOwn(txn)) continue;
    for (const op of txn.ops) for (const path of touchedBy(op)) paths.add(path);
  }
}
