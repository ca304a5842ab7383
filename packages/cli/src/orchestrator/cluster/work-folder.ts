/** Where a local cluster keeps everything it has: registry, sandboxes, logs, and what runs. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `--work-dir`, else `ORCHESTRATOR_WORK_DIR`, else below `/var/lib` for root and in the XDG state folder for others. */
export function clusterFolderOf(flag: string | undefined, env: NodeJS.ProcessEnv, userId: number): string {
  const named = flag ?? env.ORCHESTRATOR_WORK_DIR;
  if (named !== undefined && named !== '') return resolve(named);
  if (userId === 0) return '/var/lib/orchestrator/cluster';
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'orchestrator', 'cluster');
}

/** Of one process of the cluster: `master-1`, `agent-2`, `zookeeper`. */
export const partFolderOf = (folder: string, part: string): string => join(folder, part);

export const logFileOf = (folder: string, part: string): string => join(folder, `${part}.log`);
