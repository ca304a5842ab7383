/** What processes use, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerS = 100;

function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined; // it has ended
  }
}

/** Milliseconds of processor time of a process and of the children that it has waited for. */
export function cpuMs(pid: number): number {
  const stat = statOf(pid) ?? [];
  const ticks = [11, 12, 13, 14].reduce((sum, column) => sum + Number(stat[column] ?? 0), 0);
  return (ticks * 1000) / ticksPerS;
}

export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((one) => Number.isInteger(one) && Number(statOf(one)?.[1]) === pid);
}

/** `VmRSS` counts pages of programs too, which the kernel shares and keeps or drops as it likes; `RssAnon` is a process' own. */
export function residentMb(pid: number, kind: 'VmRSS' | 'RssAnon'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(new RegExp(`^${kind}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}

export const rssMb = (pid: number): number => residentMb(pid, 'VmRSS');

/** Processor time of a process and of its running children together. */
export const familyCpuMs = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuMs(one), 0);
export const familyResidentMb = (pid: number, kind: 'VmRSS' | 'RssAnon'): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + residentMb(one, kind), 0);
