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

export function rssMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}

/** Processor time of a process and of its running children together. */
export const familyCpuMs = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuMs(one), 0);
export const familyRssMb = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, one) => sum + rssMb(one), 0);
