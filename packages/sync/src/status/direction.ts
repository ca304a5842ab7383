import type { CoreStatus } from '../core/core.ts';
import type { DirectionStatus } from '../engine-types.ts';
import type { DirectionCounters } from '../lead/counters.ts';
import type { EngineSide } from '../side.ts';

/** Over this many seconds a rate is an average. */
const rateSeconds = 10;

export interface DirectionSources {
  readonly from: EngineSide;
  readonly to: EngineSide;
  readonly counters: DirectionCounters;
  /** Of the run as the leader, if this instance leads. */
  readonly core: CoreStatus | undefined;
  readonly nowMs: number;
}

/** What is on its way in one direction, and how long it takes. */
export function describeDirection({ from, to, counters, core, nowMs }: DirectionSources): DirectionStatus {
  const [lagP50Ms = null, lagP99Ms = null] = counters.lags.quantiles(nowMs, [0.5, 0.99]);
  return {
    from: from.side,
    capture: from.follower.capture.mode,
    captureReason: from.follower.capture.reason,
    applied: counters.applied,
    appliedPerS: counters.changes.ratePerS(nowMs, rateSeconds),
    backlog: core?.backlog[from.side] ?? 0,
    lagP50Ms,
    lagP99Ms,
    lagNowMs: lagNowMs(from, to, core, nowMs),
    zxid: from.follower.position,
  };
}

/** A link that is down hides changes of unknown age, so its own age counts. */
function lagNowMs(from: EngineSide, to: EngineSide, core: CoreStatus | undefined, nowMs: number): number {
  const oldest = core?.oldestArrivedMs[from.side];
  const waited = oldest === undefined ? 0 : nowMs - oldest;
  const down = [from.link(), to.link()].map((link) => (link.up ? 0 : nowMs - link.sinceMs));
  return Math.max(0, waited, ...down);
}
