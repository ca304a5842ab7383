/** A cluster as `orchestrator cluster up` makes it, on ports and in a folder of its own. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts, removeFolder, temporaryFolder } from '@orchestrator/testing';
import { openProgram, type Program } from './program.ts';

export interface PartStatus {
  readonly name: string;
  readonly kind: 'zookeeper' | 'master' | 'agent';
  readonly state: string;
  readonly address: string;
  readonly pid: number;
  readonly restarts: number;
}

export interface ClusterStatus {
  readonly healthy: boolean;
  readonly leader: string;
  readonly zk: string;
  readonly parts: readonly PartStatus[];
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly agent_id: string;
  readonly container_ids: readonly string[];
}

export interface LocalCluster extends AsyncDisposable {
  readonly cli: Program;
  /** What `ORCHESTRATOR_WORK_DIR` names; nothing else is in its parent. */
  readonly folder: string;
  status(): Promise<ClusterStatus>;
  tasks(): Promise<readonly Task[]>;
  /** Of the process that supervises it. */
  supervisor(): Promise<number>;
}

/** @param flags of `cluster up` */
export async function startLocalCluster(...flags: readonly string[]): Promise<LocalCluster> {
  const parent = await temporaryFolder('cluster');
  const folder = join(parent, 'cluster');
  const cli = openProgram({ name: 'orchestrator', env: { ORCHESTRATOR_WORK_DIR: folder } });
  const [firstPort] = await freePorts(1);
  const up = await cli.run('cluster', 'up', '--detach', `--first-port=${firstPort}`, ...flags);
  if (up.exitCode !== 0) throw new Error(`cluster up ended with ${up.exitCode}: ${up.stdout}${up.stderr}`);
  return {
    ...{ cli, folder },
    status: () => cli.json('cluster', 'status'),
    tasks: () => cli.json('tasks', '--all'),
    supervisor: async () => JSON.parse(await readFile(join(folder, 'cluster.json'), 'utf8')).supervisor.pid,
    async [Symbol.asyncDispose]() {
      await cli.close();
      await cli.run('cluster', 'down');
      await removeFolder(parent);
    },
  };
}

/** Processes of this machine whose command line holds the text. */
export async function processesWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Processes end while we look.
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return line.includes(text) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}

export const isAlive = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ')).split(') ')[1]?.startsWith('Z') === false;
