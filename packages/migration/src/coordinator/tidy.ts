/** What is left to do once a completed migration can no longer be rolled back: our own nodes on the target go. */
import type { Clock } from '@orchestrator/runtime';
import { ownRoot, ownZnodes } from '@orchestrator/sync';
import { ZooKeeperError } from '@orchestrator/zookeeper';
import { withClient } from '../ensemble/client.ts';
import type { MigrationRecord } from '../journal/record.ts';
import type { Cluster, Facts } from '../phases/context.ts';

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

/** Does it once; resolves to whether it was done now. */
export async function tidyUp(
  record: MigrationRecord,
  target: Cluster,
  facts: Facts,
  clock: Clock,
): Promise<boolean> {
  if (!isBeyondRollback(record, clock.nowMs()) || (await facts.get('tidied')) !== undefined) return false;
  await deleteOwn(target, record.id, clock);
  await facts.put('tidied', { timeMs: clock.nowMs() });
  return true;
}
