/** Process ids are used again; with the time of its start and the boot, a process is itself for ever. */
import { readFile } from 'node:fs/promises';
import { readIfThere } from './read-if-there.ts';

export interface ProcessIdentity {
  pid: number;
  /** In ticks since the boot. */
  startTicks: string;
  bootId: string;
}

/** Fields of `/proc/PID/stat` from the third on; the second may hold anything, closed by the last parenthesis. */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const startTicksField = 19;

/** Does not change while this process lives. */
let bootId: string | undefined;

/** Undefined when there is no such process, or it has ended and nobody has asked how. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  bootId ??= (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const fields = statFields(stat);
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTicks: fields[startTicksField] ?? '', bootId };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const found = await identify(identity.pid);
  return found?.startTicks === identity.startTicks && found.bootId === identity.bootId;
}
