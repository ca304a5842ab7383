/** Ends what is left of a cluster: processes whose supervisor died, and the containers of its agents, which outlive both. */
import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '@orchestrator/runtime';
import { isRunning, type ProcessIdentity } from './process-identity.ts';
import { type PartRecord, removeClusterRecord } from './record.ts';
import { logFileOf, partFolderOf } from './work-folder.ts';

const pollMs = 50;
const partGraceMs = 10_000;
/** It waits for its parts itself, and removes their containers. */
const supervisorGraceMs = 45_000;

export const endSupervisor = (identity: ProcessIdentity, clock: Clock): Promise<void> =>
  endProcess(identity, supervisorGraceMs, clock);

/** SIGTERM, SIGKILL after the grace; resolves when it is gone. */
async function endProcess(identity: ProcessIdentity, graceMs: number, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + graceMs;
  let signal: NodeJS.Signals = 'SIGTERM';
  let sent = false;
  while (await isRunning(identity)) {
    if (!sent) process.kill(identity.pid, signal);
    sent = true;
    if (signal === 'SIGTERM' && clock.monotonicMs() > deadlineMs) {
      signal = 'SIGKILL';
      sent = false;
    }
    await sleep(clock, pollMs);
  }
}

/** Agents first, so that nobody starts anything any more. */
const endOrder: readonly PartRecord['kind'][] = ['agent', 'master', 'zookeeper'];

export async function endParts(parts: readonly PartRecord[], clock: Clock): Promise<void> {
  for (const kind of endOrder) {
    const processes = parts.flatMap((part) =>
      part.kind === kind && part.process !== null ? [part.process] : [],
    );
    await Promise.all(processes.map((identity) => endProcess(identity, partGraceMs, clock)));
  }
}

const flagProblems: ReadonlySet<unknown> = new Set(['Config', 'invalid']);

/** Destroys every container that the agents among the parts have made; they must not run any more. @returns how many */
export async function destroyContainersOf(folder: string, parts: readonly PartRecord[]): Promise<number> {
  const agents = parts.filter(({ kind, name }) => kind === 'agent' && existsSync(partFolderOf(folder, name)));
  if (agents.length === 0) return 0;
  const { destroyContainers, readAgentFlags } = await import('@orchestrator/agent');
  let count = 0;
  for (const { name, flags: args } of agents) {
    const flags = await readAgentFlags({ args, etc: partFolderOf(folder, name) });
    count += await destroyContainers({ flags }).catch((error: unknown) => {
      // With flags that are wrong no agent has ever run.
      if (error instanceof Error && flagProblems.has(Reflect.get(error, 'code'))) return 0;
      throw error;
    });
  }
  return count;
}

/** Everything that `cluster up` has made in the folder, and nothing else that may be there. */
export async function removeState(
  folder: string,
  parts: readonly PartRecord[],
  { keep }: { readonly keep: boolean },
): Promise<void> {
  await removeClusterRecord(folder);
  if (keep) return;
  const names = parts.flatMap(({ name }) => [partFolderOf(folder, name), logFileOf(folder, name)]);
  const registry = ['registry.db', 'registry.db-wal', 'registry.db-shm'].map((file) => join(folder, file));
  await Promise.all(
    [...names, ...registry, logFileOf(folder, 'cluster')].map((path) =>
      rm(path, { recursive: true, force: true }),
    ),
  );
  const rest = await readdir(folder);
  if (rest.length === 0) await rmdir(folder);
}
