import { type Clock, createBackoff, type Random, type Timer } from '@orchestrator/runtime';
import { closedError, StoreError } from './errors.ts';

export interface LeaseOptions {
  /** How long the lease outlives its last keep-alive. At least 100; etcd rounds up to seconds, and to 2 s or more. */
  ttlMs: number;
}

export interface Lease {
  /** Unique in its store, for ever. */
  readonly id: string;
  readonly ttlMs: number;
  /**
   * Aborts when the lease is lost, released or given up by `close()`, with a `StoreError` as reason: at the latest when
   * `ttlMs` has passed since the last keep-alive that succeeded, whatever the server says. A process that was stopped
   * for longer learns it late: make writes conditional (see `Held.guard`).
   */
  readonly lost: AbortSignal;
  /** Ends the lease at once; its keys vanish. Resolves when done; after a failure they vanish with their time. */
  release(): Promise<void>;
}

export interface LeaseKeeperOptions {
  id: string;
  ttlMs: number;
  clock: Clock;
  random: Random;
  /** `clock.monotonicMs()` before the request that granted the lease was sent. */
  grantedAtMs: number;
  /** False: the store does not know the lease any more. A throw is tried again until time is up. */
  renew(): Promise<boolean>;
  revoke(): Promise<void>;
  /** Called once, however the lease ends. */
  onEnd(): void;
}

export interface KeptLease extends Lease {
  /** Stops keeping it alive, without telling the server. */
  abandon(): void;
}

/** Keep-alives per lifetime: two may fail before the lease is lost. */
const renewalsPerTtl = 3;

const shortestTtlMs = 100;

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < shortestTtlMs) {
    throw new StoreError(`a lease needs an integer ttlMs from ${shortestTtlMs}, got ${ttlMs}`, {
      code: 'invalid',
    });
  }
}

/** Keeps a granted lease alive, and judges by its own clock when it can no longer count on it. */
export function keepLease(options: LeaseKeeperOptions): KeptLease {
  const { id, ttlMs, clock, random, renew, revoke, onEnd } = options;
  const ended = new AbortController();
  const intervalMs = ttlMs / renewalsPerTtl;
  const backoff = createBackoff({ firstDelayMs: intervalMs / 8, maxDelayMs: intervalMs, random });
  let deadlineMs = options.grantedAtMs + ttlMs;
  let renewal: Timer | undefined;
  let expiry: Timer | undefined;

  const end = (reason: StoreError): boolean => {
    if (ended.signal.aborted) return false;
    renewal?.cancel();
    expiry?.cancel();
    onEnd();
    ended.abort(reason);
    return true;
  };

  const lose = (why: string, cause?: unknown) =>
    end(
      new StoreError(`lease ${id} is lost: ${why}`, {
        code: 'lease-lost',
        ...(cause === undefined ? {} : { cause }),
      }),
    );

  const scheduleExpiry = () => {
    expiry?.cancel();
    const remainingMs = deadlineMs - clock.monotonicMs();
    expiry = clock.after(Math.max(0, remainingMs), () => lose(`no keep-alive for ${ttlMs} ms`), {
      background: true,
    });
  };

  const scheduleRenewal = (delayMs: number) => {
    renewal = clock.after(delayMs, () => void renewOnce(), { background: true });
  };

  const renewOnce = async (): Promise<void> => {
    const sentAtMs = clock.monotonicMs();
    try {
      const alive = await renew();
      if (ended.signal.aborted) return;
      if (!alive) {
        lose('it has expired or was revoked');
        return;
      }
      deadlineMs = sentAtMs + ttlMs;
      scheduleExpiry();
      backoff.reset();
      scheduleRenewal(intervalMs);
    } catch (error) {
      if (ended.signal.aborted) return;
      if (clock.monotonicMs() >= deadlineMs) lose('keep-alives fail', error);
      else scheduleRenewal(backoff.nextDelayMs());
    }
  };

  scheduleExpiry();
  scheduleRenewal(intervalMs);
  return {
    id,
    ttlMs,
    lost: ended.signal,
    async release() {
      if (end(new StoreError(`lease ${id} was released`, { code: 'lease-lost' }))) await revoke();
    },
    abandon: () => void end(closedError()),
  };
}
