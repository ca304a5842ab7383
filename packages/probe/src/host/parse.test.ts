import { describe, expect, it } from 'vitest';
import {
  cpuPercent,
  parseCpuTimes,
  parseDisks,
  parseInterfaces,
  parseLoad,
  parseMemory,
  parseOsName,
  sumTraffic,
} from './parse.ts';

const stat = `cpu  1000 50 400 8000 100 10 40 5 0 0
cpu0 500 25 200 4000 50 5 20 2 0 0
cpu1 500 25 200 4000 50 5 20 3 0 0
intr 1 2 3
btime 1795420316
`;

describe("the kernel's accounts of the machine", () => {
  it('processors', () => {
    const before = parseCpuTimes(stat);
    expect(before).toEqual({ busy: 1505, idle: 8100, cores: 2, bootTimeS: 1795420316 });
    const after = { ...before, busy: before.busy + 50, idle: before.idle + 150 };
    expect(cpuPercent(before, after)).toBe(25);
    expect(cpuPercent(before, before)).toBe(0);
  });

  it('load and memory', () => {
    expect(parseLoad('15.81 12.76 7.25 3/412 18734\n')).toEqual([15.81, 12.76, 7.25]);
    const meminfo = 'MemTotal:       24681488 kB\nMemFree:        1000 kB\nMemAvailable:   20000000 kB\n';
    expect(parseMemory(meminfo)).toEqual({ totalBytes: 24681488 * 1024, usedBytes: 4681488 * 1024 });
  });

  it('interfaces, without the loopback', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5000     50    0    0    0     0          0         0     5000      50    0    0    0     0       0          0
  eth0: 1234567    100    0    0    0     0          0         0   765432     90    0    0    0     0       0          0
docker0:1    1    0    0    0     0          0         0   2     1    0    0    0     0       0          0
`;
    const interfaces = parseInterfaces(text);
    expect([...interfaces.keys()]).toEqual(['eth0', 'docker0']);
    expect(sumTraffic(interfaces.values())).toEqual({ inBytes: 1234568, outBytes: 765434 });
  });

  it('whole disks, without partitions', () => {
    const text = ` 254       0 vda 100 0 2048 10 200 0 4096 20 0 30 40
 254       1 vda1 90 0 2000 10 200 0 4096 20 0 30 40
   7       0 loop0 5 0 10 0 0 0 0 0 0 0 0
 259       0 nvme0n1 1 0 2 0 1 0 4 0 0 0 0
`;
    expect(parseDisks(text)).toEqual(
      new Map([
        ['vda', { inBytes: 2048 * 512, outBytes: 4096 * 512 }],
        ['nvme0n1', { inBytes: 1024, outBytes: 2048 }],
      ]),
    );
  });

  it('the system, with and without quotes, and where there is nothing', () => {
    expect(parseOsName('NAME="x"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe(
      'Debian GNU/Linux 12 (bookworm)',
    );
    expect(parseOsName('PRETTY_NAME=Alpine')).toBe('Alpine');
    expect(parseOsName('')).toBe('Linux');
    expect(parseMemory('')).toEqual({ totalBytes: 0, usedBytes: 0 });
  });
});
