/** The line of figures under the stage, and what is kept of the lag. */
import type { Cast } from './cast.ts';
import type { StatusLine } from './operator.ts';

export interface LagFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const count = (value: number) => value.toLocaleString('en');

/** Of the slower direction; `undefined` before the first change has arrived. */
export function lagOf({ live }: StatusLine): LagFigures | undefined {
  const lags = (live?.sync?.directions ?? []).flatMap(({ lag_p50_ms: p50Ms, lag_p99_ms: p99Ms }) =>
    p50Ms === null || p99Ms === null ? [] : [{ p50Ms, p99Ms }],
  );
  return lags.toSorted((a, b) => b.p99Ms - a.p99Ms)[0];
}

export function figuresLine({ ledger, exclusion, ...cast }: Cast, status: StatusLine | undefined): string {
  const { moved, of } = cast.movedShare();
  const lag = status === undefined ? undefined : lagOf(status);
  return [
    `${count(ledger.acknowledged)} writes acknowledged, ${ledger.failed} failed`,
    `${moved} of ${of} clients on B`,
    `${count(exclusion.taken)} locks taken, ${exclusion.violations.length} violations`,
    `leader ${cast.leaders()[0] ?? '-'}`,
    ...(lag === undefined ? [] : [`lag ${lag.p50Ms.toFixed(1)} ms, p99 ${lag.p99Ms.toFixed(1)} ms`]),
  ].join(' · ');
}
