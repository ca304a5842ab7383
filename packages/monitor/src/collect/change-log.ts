/**
 * Which nodes have changed from one report to a later one of the same collector, so that whoever has worked on the earlier one
 * looks at those only. The log is short: who comes late looks at everything.
 */
import type { Report } from '@orchestrator/report';

/** Ids of nodes that came, went or changed, by topology. */
export type ReportChanges = ReadonlyMap<string, ReadonlySet<string>>;

/** Steps that are remembered. */
const maxSteps = 64;
/** Of one step; with more, looking at everything costs no more. */
const maxIds = 50_000;

interface Mark {
  readonly log: ChangeLog;
  readonly step: number;
}

const marks = new WeakMap<Report, Mark>();

export class ChangeLog {
  /** The last steps; undefined: everything may have changed. */
  readonly #steps: (ReportChanges | undefined)[] = [];
  #last = 0;

  /** `report` is what the one before became by these changes; undefined if that is not known. */
  add(report: Report, changes: ReportChanges | undefined): void {
    let count = 0;
    for (const ids of changes?.values() ?? []) count += ids.size;
    this.#steps.push(count > maxIds ? undefined : changes);
    if (this.#steps.length > maxSteps) this.#steps.shift();
    this.#last++;
    marks.set(report, { log: this, step: this.#last });
  }

  between(from: number, to: number): ReportChanges | undefined {
    const first = this.#last - this.#steps.length;
    if (from < first || to < from) return undefined;
    const steps = this.#steps.slice(from - first, to - first);
    const [only] = steps;
    if (steps.length === 1) return only;
    const all = new Map<string, Set<string>>();
    for (const step of steps) {
      if (step === undefined) return undefined;
      for (const [topology, ids] of step) {
        const known = all.get(topology) ?? new Set<string>();
        for (const id of ids) known.add(id);
        all.set(topology, known);
      }
    }
    return all;
  }
}

/** Undefined if it is not known: then everything may have changed. */
export function changesBetween(before: Report, after: Report): ReportChanges | undefined {
  if (before === after) return new Map();
  const [from, to] = [marks.get(before), marks.get(after)];
  if (from === undefined || to === undefined || from.log !== to.log) return undefined;
  return from.log.between(from.step, to.step);
}
