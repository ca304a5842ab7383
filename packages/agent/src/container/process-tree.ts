/** A process with all that descends from it, which may have left its group and its namespaces. */
import { readdir, readFile } from 'node:fs/promises';

export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch((): string[] => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  );
}

/** Nothing when there is no such process. */
export function signalIfThere(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stopped first, so that nothing new comes while it is walked. */
export async function killTree(pid: number): Promise<void> {
  signalIfThere(pid, 'SIGSTOP');
  await Promise.all((await childrenOf(pid)).map((child) => killTree(child)));
  signalIfThere(pid, 'SIGKILL');
}
