/** What a count that only grows did per second between two looks. */
export interface Rates {
  /** Undefined at the first look and when the count began anew. */
  perS(key: string, total: number, nowMs: number): number | undefined;
  forget(key: string): void;
}

/** `limit`: keys remembered; beyond it the oldest is forgotten. */
export function createRates(limit = 100_000): Rates {
  const last = new Map<string, { total: number; atMs: number }>();
  return {
    perS(key, total, nowMs) {
      const before = last.get(key);
      if (before === undefined) {
        const oldest = last.size >= limit ? last.keys().next().value : undefined;
        if (oldest !== undefined) last.delete(oldest);
        last.set(key, { total, atMs: nowMs });
        return undefined;
      }
      const [grown, elapsedMs] = [total - before.total, nowMs - before.atMs];
      if (elapsedMs <= 0) return undefined;
      before.total = total;
      before.atMs = nowMs;
      return grown < 0 ? undefined : (grown * 1000) / elapsedMs;
    },
    forget(key) {
      last.delete(key);
    },
  };
}
