/** Collects what the report tells from the store, and from the running engine where it runs here. */
import type { ConflictRecord, LedgerEntry, SyncEngine } from '@orchestrator/sync';
import { connectStringOf } from '../config/access.ts';
import type { CheckRecord } from '../coordinator/facts.ts';
import type { SampleHistory } from '../coordinator/samples.ts';
import type { NotCarried } from '../deploy/ensemble-plan.ts';
import type { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { ReadLatency } from '../phases/latency.ts';
import type { ConflictRow, ReportFacts, VerifyRow } from './model.ts';

/** What is kept of the engine's findings for reports made after it has ended. */
export interface KeptFindings {
  readonly ledger: readonly LedgerEntry[];
  readonly conflicts: readonly ConflictRow[];
  readonly conflictCount: number;
}

/** Larger lists would not fit into one value of the store; the engine's own records have all of it. */
const maxKept = 1_000;

const toRow = ({ path, recordedMs, decision, reason }: ConflictRecord): ConflictRow => ({
  path,
  timeMs: recordedMs,
  decision,
  reason,
});

export async function findingsOf(engine: SyncEngine): Promise<KeptFindings> {
  const [ledger, conflicts] = await Promise.all([engine.ledger(), engine.conflicts.list()]);
  return {
    ledger: ledger.slice(0, maxKept),
    conflicts: conflicts.slice(0, maxKept).map(toRow),
    conflictCount: conflicts.length,
  };
}

const noFindings: KeptFindings = { ledger: [], conflicts: [], conflictCount: 0 };

export async function gatherFacts(
  journal: Journal,
  record: MigrationRecord,
  engine: SyncEngine | undefined,
): Promise<ReportFacts> {
  const { id, config } = record;
  const fact = async <T>(name: string): Promise<T | null> => (await journal.getFact<T>(id, name)) ?? null;
  const kept = engine === undefined ? await fact<KeptFindings>('findings') : await findingsOf(engine);
  const [verdict, tail] = await Promise.all([journal.verifyAudit(id), journal.auditTail(id, 1)]);
  return {
    source: connectStringOf(config.source),
    target: connectStringOf(config.target),
    baseline: await fact<ReadLatency>('baseline'),
    performance: await fact<ReadLatency>('performance'),
    seed: await fact<{ nodes: number; bytes: number }>('seed'),
    notCarried: (await fact<readonly NotCarried[]>('not-carried')) ?? [],
    verify: await fact<VerifyRow>('verify'),
    archive: await fact<NonNullable<ReportFacts['archive']>>('archive'),
    leftBehind: await fact<NonNullable<ReportFacts['leftBehind']>>('left-behind'),
    checks: (await fact<readonly CheckRecord[]>('checks')) ?? [],
    samples: (await fact<SampleHistory>('samples'))?.samples ?? [],
    ...(kept ?? noFindings),
    audit: { ...verdict, headHash: tail.at(-1)?.hash ?? '' },
  };
}
