/** The kernel's accounts of the whole machine. */

/** Jiffies since boot: of all that was done, and of nothing (idle and waiting for disks). */
export interface CpuTimes {
  readonly busy: number;
  readonly idle: number;
  readonly cores: number;
  /** Seconds since 1970. */
  readonly bootTimeS: number;
}

/** `/proc/stat` */
export function parseCpuTimes(text: string): CpuTimes {
  const [, user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (
    /^cpu .*/m.exec(text)?.[0] ?? ''
  )
    .split(/ +/)
    .map(Number);
  return {
    busy: user + nice + system + irq + softirq + steal,
    idle: idle + iowait,
    cores: (text.match(/^cpu\d+ /gm) ?? []).length,
    bootTimeS: Number(/^btime (\d+)/m.exec(text)?.[1] ?? 0),
  };
}

/** Share of the time between two readings in which something was done, in per cent of the machine. */
export function cpuPercent(before: CpuTimes, after: CpuTimes): number {
  const busy = after.busy - before.busy;
  const all = busy + after.idle - before.idle;
  return all <= 0 ? 0 : Math.round((busy / all) * 1000) / 10;
}

/** `/proc/loadavg`: of the last 1, 5 and 15 minutes. */
export function parseLoad(text: string): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = text.split(' ').map(Number);
  return [one, five, fifteen];
}

/** `/proc/meminfo`, in bytes. What the kernel could give back counts as free. */
export function parseMemory(text: string): { totalBytes: number; usedBytes: number } {
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const totalBytes = bytes('MemTotal');
  return { totalBytes, usedBytes: totalBytes - bytes('MemAvailable') };
}

/** Bytes since boot. */
export interface Traffic {
  readonly inBytes: number;
  readonly outBytes: number;
}

/** `/proc/net/dev`, by interface, without the loopback. */
export function parseInterfaces(text: string): Map<string, Traffic> {
  const interfaces = new Map<string, Traffic>();
  for (const line of text.split('\n')) {
    const [, name, rest] = /^ *([^:|]+): *(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === 'lo') continue;
    const columns = rest.split(/ +/).map(Number);
    interfaces.set(name, { inBytes: columns[0] ?? 0, outBytes: columns[8] ?? 0 });
  }
  return interfaces;
}

const sectorBytes = 512;
const realDisk = /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;

/** `/proc/diskstats`: read and written since boot, by whole disk. */
export function parseDisks(text: string): Map<string, Traffic> {
  const disks = new Map<string, Traffic>();
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/ +/);
    const name = columns[2];
    if (name === undefined || !realDisk.test(name)) continue;
    disks.set(name, {
      inBytes: Number(columns[5]) * sectorBytes,
      outBytes: Number(columns[9]) * sectorBytes,
    });
  }
  return disks;
}

export function sumTraffic(all: Iterable<Traffic>): Traffic {
  let [inBytes, outBytes] = [0, 0];
  for (const one of all) {
    inBytes += one.inBytes;
    outBytes += one.outBytes;
  }
  return { inBytes, outBytes };
}

/** `PRETTY_NAME` of `/etc/os-release`. */
export const parseOsName = (text: string): string => /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? 'Linux';
