/** Where sandboxes are below an agent's `--work_dir`: as Mesos has it, since tools and people know it. */
import { chown, mkdir, readdir, readlink, rm, rmdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';

/** Whose sandbox it is. Command tasks have the task's id for the executor's. */
export interface SandboxIds {
  agentId: string;
  frameworkId: string;
  executorId: string;
  containerId: string;
}

const sandboxMode = 0o750;

/** Ids come from frameworks and become names of folders. @throws AgentError `InvalidContainer` */
export function folderName(id: string): string {
  if (id === '' || id === '.' || id === '..' || /[/\0]/.test(id) || id.length > 255) {
    throw new AgentError('InvalidContainer', `id "${id}" cannot be the name of a folder`);
  }
  return id;
}

export function executorFolder(workDir: string, ids: Omit<SandboxIds, 'containerId'>): string {
  const [agent, framework, executor] = [ids.agentId, ids.frameworkId, ids.executorId].map(folderName) as [
    string,
    string,
    string,
  ];
  return join(workDir, 'slaves', agent, 'frameworks', framework, 'executors', executor);
}

export function sandboxFolder(workDir: string, ids: SandboxIds): string {
  return join(executorFolder(workDir, ids), 'runs', folderName(ids.containerId));
}

/** Of a task of a group, within the sandbox of its executor. */
export const taskSandbox = (sandbox: string, taskId: string) => join(sandbox, 'tasks', folderName(taskId));

/** Under which `/files` shows the latest sandbox too, whatever the agent's id and the container's. */
export const virtualSandboxPath = ({ frameworkId, executorId }: SandboxIds) =>
  `/frameworks/${frameworkId}/executors/${executorId}/runs/latest`;

/**
 * Makes it, and `runs/latest` point to it.
 *
 * @param owner of the sandbox; default the agent's user
 * @returns its path
 */
export async function createSandbox(
  workDir: string,
  ids: SandboxIds,
  owner?: { uid: number; gid: number },
): Promise<string> {
  const path = sandboxFolder(workDir, ids);
  const make = async () => {
    await mkdir(join(path, '..'), { recursive: true });
    await mkdir(path, { mode: sandboxMode });
  };
  // Folders that have become empty are removed, perhaps just now.
  await make().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return make();
  });
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  const latest = join(path, '..', 'latest');
  await rm(latest, { force: true });
  await symlink(path, latest);
  return path;
}

/** The container whose sandbox `latest` points to; undefined when there was none. */
export async function latestContainer(
  workDir: string,
  ids: Omit<SandboxIds, 'containerId'>,
): Promise<string | undefined> {
  const target = await readlink(join(executorFolder(workDir, ids), 'runs/latest')).catch(() => undefined);
  return target?.split('/').at(-1);
}

/** Every sandbox that there is, of whatever agent on this `work_dir`, by its container. */
export async function findSandboxes(workDir: string): Promise<{ path: string; containerId: string }[]> {
  const found: { path: string; containerId: string }[] = [];
  const root = join(workDir, 'slaves');
  for (const agent of await foldersIn(root)) {
    for (const framework of await foldersIn(join(root, agent, 'frameworks'))) {
      const executors = join(root, agent, 'frameworks', framework, 'executors');
      for (const executor of await foldersIn(executors)) {
        const runs = join(executors, executor, 'runs');
        for (const containerId of await foldersIn(runs))
          found.push({ path: join(runs, containerId), containerId });
      }
    }
  }
  return found;
}

/** Links, such as `latest`, are none. */
async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Levels above a sandbox that hold nothing but sandboxes: up to `slaves`. */
const levelsAbove = 6;

/** Removes what a removed sandbox was in, as far up as nothing else is there. */
export async function removeEmptyAbove(sandboxPath: string): Promise<void> {
  const runs = join(sandboxPath, '..');
  const latest = join(runs, 'latest');
  const target = await readlink(latest).catch(() => undefined);
  if (target === sandboxPath) await rm(latest, { force: true });
  let path = runs;
  for (let level = 0; level < levelsAbove; level++) {
    // Something else is in it.
    if (
      !(await rmdir(path).then(
        () => true,
        () => false,
      ))
    )
      return;
    path = join(path, '..');
  }
}
