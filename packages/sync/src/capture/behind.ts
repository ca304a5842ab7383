/**
 * Servers turn away a client that has seen more than they have, and do not say why: an ensemble that was emptied, or restored
 * from a backup, looks to it like one that is down. A session without a past finds out which of the two it is.
 */
import { type Clock, sleep } from '@orchestrator/runtime';
import { ZooKeeperClient, ZooKeeperError } from '@orchestrator/zookeeper';
import type { ReachableEnsemble } from '../access.ts';

export interface BehindOptions {
  /** Looked after: asked about only while it is not connected. */
  readonly client: ZooKeeperClient;
  readonly ensemble: ReachableEnsemble;
  /** For {@link commitNothing}; need not exist. */
  readonly path: string;
  /** Aborted: no longer wanted. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** An ensemble has committed less than it had. */
export interface Behind {
  readonly seen: bigint;
  readonly found: bigint;
}

const checkMs = 2_000;
const probeTimeoutMs = 5_000;
const impossibleVersion = 0x7fff_ffff;

/** Resolves once the ensemble is behind what `client` has seen, and with `undefined` when the signal aborts. */
export async function untilBehind(options: BehindOptions): Promise<Behind | undefined> {
  const { client, signal, clock } = options;
  while (!signal.aborted) {
    await sleep(clock, checkMs, signal).catch(() => undefined); // aborted: the loop ends
    if (signal.aborted || client.isConnected) continue;
    // Before the probe commits: it may be back, and see more, by the time that the answer is here.
    const seen = client.lastZxidSeen;
    const found = await committedNow(options);
    if (found !== undefined && found < seen) return { seen, found };
  }
  return undefined;
}

/**
 * Has the ensemble commit a transaction - a write that fails is one, and changes nothing - and tells its position then. That
 * takes a quorum, so unlike a read it is never older than what somebody has seen before.
 */
export async function commitNothing(client: ZooKeeperClient, path: string): Promise<bigint> {
  try {
    return (await client.setData(path, null, impossibleVersion)).zxid;
  } catch (error) {
    if (error instanceof ZooKeeperError && error.zxid !== undefined) return error.zxid;
    throw error;
  }
}

/** `undefined` when that cannot be found out at present. */
async function committedNow({ ensemble, path, signal, clock }: BehindOptions): Promise<bigint | undefined> {
  const probe = new ZooKeeperClient(ensemble.client);
  const close = () => void probe.close();
  const timer = clock.after(probeTimeoutMs, close);
  signal.addEventListener('abort', close, { once: true });
  try {
    return await commitNothing(probe, path);
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error;
    return undefined;
  } finally {
    signal.removeEventListener('abort', close);
    timer.cancel();
    await probe.close();
  }
}
