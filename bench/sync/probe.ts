/**
 * Lag seen from outside of the engine: one observer of each ensemble, in this process and so by one clock. An update's lag is
 * the time between the news of its commit on one side and on the other.
 */
import type { EnsembleAccess } from '@orchestrator/sync';
import { type Observer, observe, type TxnOp } from '@orchestrator/zookeeper';
import { countIn } from './values.ts';

export interface LagProbe {
  /** One for each update that arrived since the last call. */
  takeLagsMs(): number[];
  /** Updates that have been committed on the first side only. */
  readonly missing: number;
  close(): Promise<void>;
}

type OnUpdate = (key: string, atMs: number) => void;

/** Waits while the second side's news of an update may come before the first's. */
class Matcher {
  readonly left = new Map<string, number>();
  readonly #early = new Map<string, number>();
  lagsMs: number[] = [];

  onSource(key: string, atMs: number): void {
    const arrivedMs = this.#early.get(key);
    if (arrivedMs === undefined) this.left.set(key, atMs);
    else this.lagsMs.push(arrivedMs - atMs);
    this.#early.delete(key);
  }

  onTarget(key: string, atMs: number): void {
    const leftMs = this.left.get(key);
    if (leftMs === undefined) this.#early.set(key, atMs);
    else this.lagsMs.push(atMs - leftMs);
    this.left.delete(key);
  }
}

function updatesIn(ops: readonly TxnOp[], folder: string): string[] {
  return ops.flatMap((op) =>
    op.kind === 'setData' && op.path.startsWith(`${folder}/`) ? [`${op.path} ${countIn(op.data)}`] : [],
  );
}

async function follow(observer: Observer, folder: string, onUpdate: OnUpdate, onReady: () => void) {
  for await (const event of observer) {
    if (event.type === 'synced') onReady();
    if (event.type !== 'txns') continue;
    for (const { ops } of event.txns) {
      for (const key of updatesIn(ops, folder)) onUpdate(key, event.arrivedAtMs);
    }
  }
}

/** Resolves once both sides are followed. Watches the nodes of `folder`. */
export async function startLagProbe(
  source: EnsembleAccess,
  target: EnsembleAccess,
  folder: string,
): Promise<LagProbe> {
  const matcher = new Matcher();
  const observers: Observer[] = [];
  const loops: Promise<void>[] = [];
  const start = (access: EnsembleAccess, onUpdate: OnUpdate) =>
    new Promise<void>((resolve, reject) => {
      const observer = observe({ servers: access.quorumServers ?? [] });
      const loop = follow(observer, folder, onUpdate, resolve);
      loop.catch(reject);
      observers.push(observer);
      loops.push(loop);
    });
  await Promise.all([
    start(source, (key, atMs) => matcher.onSource(key, atMs)),
    start(target, (key, atMs) => matcher.onTarget(key, atMs)),
  ]);
  return {
    takeLagsMs() {
      const taken = matcher.lagsMs;
      matcher.lagsMs = [];
      return taken;
    },
    get missing() {
      return matcher.left.size;
    },
    async close() {
      for (const observer of observers) observer.close();
      await Promise.all(loops);
    },
  };
}
