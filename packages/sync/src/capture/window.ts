/** What did clients do on one side while nobody was looking? */
import { observe, type Txn } from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';

/** Over this many, to compare everything by its stats costs less than to go through them. */
const mostTxns = 500_000;
const mostBytes = 256 * 1024 * 1024;

export interface WindowRequest {
  readonly ensemble: ReachableEnsemble;
  readonly workFolder: string;
  /** The last transaction that has been dealt with. */
  readonly after: bigint;
  /** The mirror's; the window ends here. */
  readonly upTo: bigint;
  /** Aborted: the window cannot be had. */
  readonly signal: AbortSignal;
}

/**
 * The transactions in `(after, upTo]`, by resuming the stream where it was left; `undefined` when the ensemble does not
 * keep so long a history and would send a snapshot instead.
 */
export async function fetchWindow(request: WindowRequest): Promise<readonly Txn[] | undefined> {
  if (request.after >= request.upTo) return [];
  const observer = observe({
    ...request.ensemble.observer,
    servers: request.ensemble.quorumServers,
    resumeFrom: request.after,
    spool: { folder: request.workFolder },
  });
  const abort = () => observer.close();
  request.signal.addEventListener('abort', abort, { once: true });
  const window: Txn[] = [];
  let bytes = 0;
  try {
    for await (const event of observer) {
      if (event.type === 'snapshot' || event.type === 'trunc') return undefined;
      if (event.type === 'txns') {
        for (const txn of event.txns) {
          if (txn.zxid > request.upTo) return window;
          window.push(txn);
          bytes += dataBytes(txn);
        }
        if (window.length > mostTxns || bytes > mostBytes) return undefined;
        if ((window.at(-1)?.zxid ?? 0n) >= request.upTo) return window;
      }
      if (event.type === 'synced') return window;
    }
    return undefined;
  } finally {
    request.signal.removeEventListener('abort', abort);
  }
}

function dataBytes(txn: Txn): number {
  let bytes = 0;
  for (const op of txn.ops) if ('data' in op) bytes += op.data?.length ?? 0;
  return bytes;
}
