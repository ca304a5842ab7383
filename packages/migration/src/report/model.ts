/** What a migration report tells, gathered from the record and its facts. Pure; the two renderers only draw it. */
import type { LedgerEntry } from '@orchestrator/sync';
import type { CheckRecord } from '../coordinator/facts.ts';
import type { Sample } from '../coordinator/samples.ts';
import type { NotCarried } from '../deploy/ensemble-plan.ts';
import type { AuditVerdict } from '../journal/audit-chain.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { ReadLatency } from '../phases/latency.ts';
import type { MachineState, Timing } from '../phases/machine-types.ts';

/** A conflict as reports show it: no values, which may be secrets. */
export interface ConflictRow {
  readonly path: string;
  readonly timeMs: number;
  readonly decision: string;
  readonly reason: string;
}

/** Of a verification, as it came back from the store. */
export interface VerifyRow {
  readonly startedMs: number;
  readonly durationMs: number;
  readonly nodes: { readonly source: number; readonly target: number };
  readonly checksum: { readonly source: string; readonly target: string };
  readonly differenceCount: number;
  readonly differences: readonly {
    readonly path: string;
    readonly fields: readonly { readonly field: string }[];
  }[];
  readonly expected: readonly { readonly path: string }[];
}

export interface ReportFacts {
  readonly source: string;
  readonly target: string;
  readonly baseline: ReadLatency | null;
  readonly performance: ReadLatency | null;
  readonly seed: { readonly nodes: number; readonly bytes: number } | null;
  readonly notCarried: readonly NotCarried[];
  readonly verify: VerifyRow | null;
  readonly archive: { readonly file: string | null; readonly bytes?: number; readonly why?: string } | null;
  readonly leftBehind: { readonly what: string; readonly why: string } | null;
  readonly checks: readonly CheckRecord[];
  readonly samples: readonly Sample[];
  readonly ledger: readonly LedgerEntry[];
  readonly conflicts: readonly ConflictRow[];
  readonly conflictCount: number;
  readonly audit: AuditVerdict & { readonly headHash: string };
}

export interface StepRow {
  readonly step: string;
  readonly mode: Timing['mode'];
  readonly durationMs: number | null;
  readonly attempts: number;
  readonly outcome: Timing['outcome'];
}

export interface PhaseRow {
  readonly number: number;
  readonly name: string;
  readonly durationMs: number;
  readonly steps: readonly StepRow[];
}

export interface Report {
  readonly id: string;
  readonly name: string;
  readonly state: MachineState;
  readonly generatedMs: number;
  readonly lagThresholdMs: number;
  readonly facts: ReportFacts;
  readonly phases: readonly PhaseRow[];
  readonly lag: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } | null;
  readonly peakAppliedPerS: number;
  readonly durationMs: number | null;
}

/** One row per step and direction: the last attempt, and how many there were. */
function stepRows(timings: readonly Timing[]): StepRow[] {
  const rows = new Map<string, StepRow>();
  for (const { step, mode, startedMs, endedMs, outcome } of timings) {
    const key = `${mode}/${step}`;
    const attempts = (rows.get(key)?.attempts ?? 0) + 1;
    // Moved to its end: a step that was undone and performed again stands where it was performed last.
    rows.delete(key);
    rows.set(key, {
      step,
      mode,
      attempts,
      outcome,
      durationMs: endedMs === null ? null : endedMs - startedMs,
    });
  }
  return [...rows.values()];
}

function phaseRows(record: MigrationRecord): PhaseRow[] {
  return record.plan.phases.flatMap(({ number, name }) => {
    const timings = record.state.timings.filter((timing) => timing.phase === number);
    if (timings.length === 0) return [];
    const durationMs = timings.reduce(
      (sum, { startedMs, endedMs }) => sum + (endedMs ?? startedMs) - startedMs,
      0,
    );
    return [{ number, name, durationMs, steps: stepRows(timings) }];
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Each sample holds the percentiles of its last minute: the typical one of each, and the worst. */
function lagFigures(samples: readonly Sample[]): Report['lag'] {
  if (samples.length === 0) return null;
  const worst = samples.map((sample) => sample.lagMs);
  return {
    p50Ms: median(samples.map((sample) => sample.lagP50Ms).filter((value) => value !== null)),
    p99Ms: median(worst),
    maxMs: Math.max(...worst),
  };
}

export function buildReport(record: MigrationRecord, facts: ReportFacts, nowMs: number): Report {
  const { id, name, state, config } = record;
  const endMs = state.completedMs ?? state.timings.at(-1)?.endedMs ?? nowMs;
  return {
    id,
    name,
    state,
    generatedMs: nowMs,
    lagThresholdMs: config.sync.lag_threshold_ms,
    facts,
    phases: phaseRows(record),
    lag: lagFigures(facts.samples),
    peakAppliedPerS: Math.max(0, ...facts.samples.map((sample) => sample.appliedPerS)),
    durationMs: state.startedMs === null ? null : endMs - state.startedMs,
  };
}
