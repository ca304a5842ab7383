import type { ZooKeeperClient } from '../client.ts';
import type { ConnectionState } from '../session/state.ts';
import type { WatchListener } from '../session/watches.ts';

export interface WaitOptions {
  /** Gives up after this long. Default: never. */
  timeoutMs?: number;
  /** Gives up with the signal's reason. */
  signal?: AbortSignal;
}

/** A signal that aborts with `WaitOptions.signal`, or with {@link timedOut} after the time. Call `release` in the end. */
export function deadline(
  client: ZooKeeperClient,
  options: WaitOptions,
): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const { signal, timeoutMs } = options;
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const timer =
    timeoutMs === undefined ? undefined : client.clock.after(timeoutMs, () => controller.abort(timedOut));
  return {
    signal: controller.signal,
    release() {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
    },
  };
}

/** The reason of a signal whose time was up. */
export const timedOut = new Error('the time to wait is up');

/**
 * Resolves after the next event of the watch that `arm` sets, or after a reconnect, since a new session may have lost what
 * is waited for. Resolves at once when `arm` says that there is nothing to wait for. Rejects with the signal's reason.
 */
export async function nextChange(
  client: ZooKeeperClient,
  signal: AbortSignal,
  arm: (watch: WatchListener) => Promise<'wait' | 'changed'>,
): Promise<void> {
  signal.throwIfAborted();
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const onState = (state: ConnectionState) => {
    if (state === 'reconnected' || state === 'closed') settle();
  };
  client.on('state', onState);
  signal.addEventListener('abort', settle, { once: true });
  try {
    if ((await arm(() => settle())) === 'wait') await settled;
  } finally {
    client.off('state', onState);
    signal.removeEventListener('abort', settle);
  }
  signal.throwIfAborted();
}
