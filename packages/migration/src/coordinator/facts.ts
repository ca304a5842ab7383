/** Facts of one migration, written only while this coordinator leads. */
import type { Held } from '@orchestrator/store';
import type { Journal } from '../journal/journal.ts';
import type { CheckResult } from '../phases/check.ts';
import type { Facts } from '../phases/context.ts';

/** What a gate or check list found last. */
export interface CheckRecord {
  readonly title: string;
  readonly timeMs: number;
  readonly results: readonly CheckResult[];
}

/** Titles are few; this bounds what a mistake could write. */
const maxCheckRecords = 50;

export function createFacts(journal: Journal, id: string, held: Held): Facts {
  return {
    get: (name) => journal.getFact(id, name),
    put: (name, value) => journal.putFact(id, name, value, held),
    delete: (name) => journal.deleteFact(id, name, held),
  };
}

/** Replaces the record of the same title. */
export async function recordChecks(facts: Facts, record: CheckRecord): Promise<void> {
  const present = (await facts.get<readonly CheckRecord[]>('checks')) ?? [];
  const others = present.filter((candidate) => candidate.title !== record.title);
  await facts.put('checks', [...others, record].slice(-maxCheckRecords));
}
