/** What is left to do as time passes: old audit entries go, and our nodes on the target when there is no way back any more. */
import type { Clock } from '@orchestrator/runtime';
import type { Held } from '@orchestrator/store';
import { ownRoot, ownZnodes } from '@orchestrator/sync';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import { withClient } from '../ensemble/client.ts';
import type { Journal } from '../journal/journal.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Cluster, Facts } from '../phases/context.ts';

const dayMs = 24 * 3_600_000;
/** As the security of operations usually asks for. */
const auditRetentionMs = 365 * dayMs;

/** Whether nothing but tidying up is left. */
function isBeyondRollback(record: MigrationRecord, nowMs: number): boolean {
  const { status, completedMs } = record.state;
  return (
    status === 'completed' && completedMs !== null && nowMs - completedMs > record.plan.rollbackRetentionMs
  );
}

/** Nodes that are there; another migration's stay, and so does the root above them. */
async function deleteOwn(target: Cluster, id: string, clock: Clock): Promise<void> {
  const { folder, ...nodes } = ownZnodes(id);
  await withClient(await target.access(), clock, async (client) => {
    for (const path of [...Object.values(nodes), folder, ownRoot]) {
      await client.delete(path).catch((error: unknown) => {
        const expected =
          error instanceof ZooKeeperError && (error.code === 'NoNode' || error.code === 'NotEmpty');
        if (!expected) throw error;
      });
    }
  });
}

export interface TidyOptions {
  readonly target: Cluster;
  readonly facts: Facts;
  readonly journal: Journal;
  readonly held: Held;
  readonly clock: Clock;
}

/** To be called now and then with the record as it is; resolves to whether the target was tidied up now, which is done once. */
export function createTidy({ target, facts, journal, held, clock }: TidyOptions) {
  let prunedMs = Number.NEGATIVE_INFINITY;
  return async (record: MigrationRecord): Promise<boolean> => {
    const { id } = record;
    if (clock.monotonicMs() - prunedMs >= dayMs) {
      await journal.pruneAudit(id, auditRetentionMs, held);
      prunedMs = clock.monotonicMs();
    }
    if (!isBeyondRollback(record, clock.nowMs()) || (await facts.get('tidied')) !== undefined) return false;
    await deleteOwn(target, id, clock);
    await facts.put('tidied', { timeMs: clock.nowMs() });
    return true;
  };
}
