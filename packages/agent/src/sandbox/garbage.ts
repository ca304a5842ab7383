/** Which sandboxes go, and when: after `gcDelayMs`, sooner the fuller the disk is. Mesos' rule. Pure. */

export interface GarbageOptions {
  /** Default one week. */
  gcDelayMs: number;
  /** Share of the disk that is to stay free; default 0.1. */
  diskHeadroom: number;
}

export const defaultGarbageOptions: GarbageOptions = { gcDelayMs: 7 * 24 * 3_600_000, diskHeadroom: 0.1 };

/** A folder that nobody needs any more. */
export interface Garbage {
  path: string;
  sinceMs: number;
}

/** How old garbage may become when `usage` (0 to 1) of the disk is taken. */
export function allowedAgeMs(usage: number, { gcDelayMs, diskHeadroom }: GarbageOptions): number {
  return gcDelayMs * Math.max(0, 1 - diskHeadroom - usage);
}

export interface GarbagePlan {
  /** The oldest first. */
  remove: readonly Garbage[];
  keep: readonly Garbage[];
}

export function planGarbage(
  garbage: readonly Garbage[],
  now: { nowMs: number; usage: number },
  options: GarbageOptions = defaultGarbageOptions,
): GarbagePlan {
  const age = allowedAgeMs(now.usage, options);
  const isOld = ({ sinceMs }: Garbage) => now.nowMs - sinceMs >= age;
  return {
    remove: garbage.filter(isOld).toSorted((left, right) => left.sinceMs - right.sinceMs),
    keep: garbage.filter((one) => !isOld(one)),
  };
}
