/** Which process a number means: numbers are used again, the time of the start tells them apart. */
import { readFile } from 'node:fs/promises';

export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`: when it started, in ticks since the boot. */
  readonly start_ticks: string;
}

const startField = 22;
/** The command, in brackets, may hold spaces; what follows it begins with the third field. */
const firstAfterCommand = 3;

/** `undefined` when there is no such process. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended; only its parent has not asked yet.
  if (fields[0] === 'Z') return undefined;
  return { pid, start_ticks: fields[startField - firstAfterCommand] ?? '' };
}

export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.start_ticks === identity.start_ticks;
}
