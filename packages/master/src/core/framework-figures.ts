/** What has happened to one framework since this master leads, for `master/frameworks/…` of `/metrics/snapshot`. */
export interface FrameworkFigures {
  /** Counts by the numbers of `scheduler.Call_Type`, `scheduler.Event_Type`, `Offer_Operation_Type` and `TaskState`. */
  readonly calls: number[];
  readonly events: number[];
  readonly operations: number[];
  readonly ended: number[];
  readonly offers: { sent: number; accepted: number; declined: number; rescinded: number };
}

export const newFrameworkFigures = (): FrameworkFigures => ({
  ...{ calls: [], events: [], operations: [], ended: [] },
  offers: { sent: 0, accepted: 0, declined: 0, rescinded: 0 },
});

/** Counts one more of a kind. */
export function count(counts: number[], kind: number): void {
  counts[kind] = (counts[kind] ?? 0) + 1;
}
