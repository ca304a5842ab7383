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
  /** Ends it: without an error. */
  signal: AbortSignal;
}

/** One attempt after the other, with growing delays, until the signal or a final error. */
export async function keepTrying({
  attempt,
  onFailure,
  backoff,
  clock,
  signal,
}: KeepTryingOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await attempt();
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // only the signal ends it early
    }
  }
}
