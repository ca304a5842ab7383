import type { Backoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep } from '@orchestrator/runtime/clock';

export interface KeepTryingOptions {
  /** Lasts as long as what it makes; one that returns is made again at once. */
  attempt: () => Promise<void>;
  /** Throws what is final; otherwise another attempt follows. */
  onFailure: (error: unknown) => void;
  /** Reset by whoever knows that an attempt has got somewhere. */
  backoff: Backoff;
  clock: Clock;
  /** Resolves when there is reason to try before the delay is over: what the last attempt failed for has changed. */
  changed?: (signal: AbortSignal) => Promise<unknown>;
  /** Ends it: without an error. */
  signal: AbortSignal;
}

/** Until the delay is over, something has changed, or the signal. */
async function pause(
  delayMs: number,
  { clock, changed, signal }: Pick<KeepTryingOptions, 'clock' | 'changed' | 'signal'>,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  await new Promise<void>((resolve) => {
    const done = () => resolve();
    sleep(clock, delayMs, either).then(done, done);
    // Not to know of changes is no reason.
    changed?.(either).then(done, () => undefined);
  });
  over.abort();
}

/** One attempt after the other, with growing delays, until the signal or a final error. */
export async function keepTrying({
  attempt,
  onFailure,
  backoff,
  clock,
  changed,
  signal,
}: KeepTryingOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await attempt();
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await pause(backoff.nextDelayMs(), { clock, signal, ...(changed === undefined ? {} : { changed }) });
    }
  }
}
