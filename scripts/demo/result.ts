/** What the migration claims, and the figures behind it. */
import type { Cast, MoveFigures } from './cast.ts';
import type { LagFigures } from './figures.ts';
import type { LossReport } from './ledger.ts';
import type { TreeFacts } from './tree.ts';

export interface MigrationResult {
  /** Nothing lost, no differences, never two holders of one lock. */
  readonly ok: boolean;
  /** Writes that clients began. */
  readonly attempted: number;
  readonly acknowledged: number;
  /** Writes whose client was told an error that trying again did not cure. */
  readonly failed: number;
  /** Acknowledged writes that are not on B. */
  readonly lost: number;
  /** Of all znodes, compared while both ensembles ran. */
  readonly differences: number;
  /** From commit on one side to commit on the other, over the last minute before A was left. */
  readonly lagP50Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Times that two held one lock, or led, at once. */
  readonly violations: number;
  readonly locksTaken: number;
  /** For how long nobody led while leadership went from A to B. */
  readonly leadershipGapMs: number;
  /** Longest time until a writer that had moved saw its own last writes on B. */
  readonly ownWritesVisibleMs: number;
  readonly znodes: number;
  readonly durationS: number;
  readonly report: string;
}

export interface Outcome {
  readonly tree: TreeFacts;
  readonly cast: Cast;
  readonly loss: LossReport;
  readonly moves: MoveFigures;
  readonly lag: LagFigures | undefined;
  readonly differences: number;
  readonly report: string;
  readonly durationMs: number;
}

const toTenth = (value: number) => Math.round(value * 10) / 10;

export function summarise({
  tree,
  cast,
  loss,
  moves,
  lag,
  differences,
  report,
  durationMs,
}: Outcome): MigrationResult {
  const { attempted, acknowledged, failed } = cast.ledger;
  const violations = cast.exclusion.violations.length;
  return {
    ok: loss.lost === 0 && differences === 0 && violations === 0,
    attempted,
    acknowledged,
    failed,
    lost: loss.lost,
    differences,
    lagP50Ms: lag === undefined ? null : toTenth(lag.p50Ms),
    lagP99Ms: lag === undefined ? null : toTenth(lag.p99Ms),
    violations,
    locksTaken: cast.exclusion.taken,
    leadershipGapMs: Math.round(moves.leadershipGapMs),
    ownWritesVisibleMs: Math.round(moves.ownWritesVisibleMs),
    znodes: tree.nodes,
    durationS: Math.round(durationMs / 1_000),
    report,
  };
}

const count = (value: number) => value.toLocaleString('en');

/** For people, above the JSON. */
export function describeMigration(result: MigrationResult): string[] {
  const { attempted, failed, lost, differences, violations, locksTaken } = result;
  return [
    '',
    `writes attempted   ${count(attempted)}`,
    `writes failed      ${count(failed)}`,
    `writes lost        ${count(lost)}`,
    `differences        ${count(differences)} of ${count(result.znodes)} znodes and what the clients made`,
    `lag                p50 ${result.lagP50Ms ?? '-'} ms, p99 ${result.lagP99Ms ?? '-'} ms`,
    `locks taken        ${count(locksTaken)}, ${violations} times by two at once`,
    `took               ${result.durationS} s`,
    `report             ${result.report}`,
    '',
  ];
}
