/** A cluster as `orchestrator cluster up` makes it, on ports and in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@orchestrator/testing';
import { openProgram, type Program, programPath } from './program.ts';

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

/** Waits for the end of a pipe, which comes when this process closes it or dies, and takes the cluster down. */
const keeping = `
trap '' INT TERM HUP
cat >/dev/null
"$0" cluster down
rm -rf -- "$1"`;

/** However this process ends, the cluster ends with it. */
function keepCluster(parent: string, env: NodeJS.ProcessEnv): { end(): Promise<void> } {
  const child = spawn('sh', ['-c', keeping, programPath('orchestrator'), parent], {
    ...{ detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
    env: { ...process.env, ...env },
  });
  const gone = once(child, 'exit');
  return {
    async end() {
      child.stdin?.end();
      await gone;
    },
  };
}

/** @param flags of `cluster up` */
export async function startLocalCluster(...flags: readonly string[]): Promise<LocalCluster> {
  // Not a folder of the test's own, which would be gone before what runs in it.
  const parent = await mkdtemp(join(tmpdir(), 'orchestrator-cluster-'));
  const folder = join(parent, 'cluster');
  const env = { ORCHESTRATOR_WORK_DIR: folder };
  const cli = openProgram({ name: 'orchestrator', env });
  const keeper = keepCluster(parent, env);
  const [firstPort] = await freePorts(1);
  const up = await cli.run('cluster', 'up', '--detach', `--first-port=${firstPort}`, ...flags);
  if (up.exitCode !== 0) {
    await keeper.end();
    throw new Error(`cluster up ended with ${up.exitCode}: ${up.stdout}${up.stderr}`);
  }
  return {
    ...{ cli, folder },
    status: () => cli.json('cluster', 'status'),
    tasks: () => cli.json('tasks', '--all'),
    supervisor: async () => JSON.parse(await readFile(join(folder, 'cluster.json'), 'utf8')).supervisor.pid,
    async [Symbol.asyncDispose]() {
      await cli.close();
      await keeper.end();
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
