import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { cgroupPaths, chooseHierarchies, readOomKills, readUsage } from './cgroup-usage.ts';

const v1 = [
  '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd',
];
const unified = '41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw';

test('version 1, and both side by side', () => {
  const memberships = '4:memory:/a/b\n2:cpu,cpuacct:/a/b\n1:name=systemd:/a/b\n0::/x\n';
  const paths = cgroupPaths(memberships, [...v1, unified].join('\n'));
  expect(paths.get('memory')).toBe('/sys/fs/cgroup/memory/a/b');
  expect(paths.get('cpu')).toBe('/sys/fs/cgroup/cpu,cpuacct/a/b');
  expect(paths.get('pids')).toBeUndefined();
});

test('version 2 alone', () => {
  const mounts = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';
  const paths = cgroupPaths('0::/a:b\n', mounts);
  expect(paths.get('memory')).toBe('/sys/fs/cgroup/a:b');
  expect(paths.get('pids')).toBe('/sys/fs/cgroup/a:b');
});

test('a mount of a part of a hierarchy is no mount of it', () => {
  expect(cgroupPaths('4:memory:/a\n', '35 31 0:32 /docker /other rw - cgroup cgroup rw,memory').size).toBe(0);
});

/** As a kernel with version 2 alone writes them; there is none wherever these tests run. */
const filesOfVersion2 = {
  'cpu.stat':
    'usage_usec 3500000\nuser_usec 2000000\nsystem_usec 1500000\nnr_periods 40\nnr_throttled 8\nthrottled_usec 250000\n',
  'cpu.max': '50000 100000\n',
  'memory.current': '8388608\n',
  'memory.max': '33554432\n',
  'memory.stat': 'anon 4194304\nfile 2097152\n',
  'memory.events': 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\n',
  'pids.current': '5\n',
};

test('figures of version 2, with limits and without', async () => {
  const folder = await temporaryFolder('cgroup2');
  try {
    for (const [name, text] of Object.entries(filesOfVersion2)) await writeFile(join(folder, name), text);
    const paths = chooseHierarchies(new Map([['', folder]]));
    const usage = {
      ...{
        cpuUserS: 2,
        cpuSystemS: 1.5,
        cpusLimit: 0.5,
        cpuPeriods: 40,
        cpuThrottledPeriods: 8,
        cpuThrottledS: 0.25,
      },
      ...{ memTotalBytes: 8 * 2 ** 20, memRssBytes: 4 * 2 ** 20, memLimitBytes: 32 * 2 ** 20, processes: 5 },
    };
    expect(await readUsage(paths)).toEqual(usage);
    expect(await readOomKills(paths)).toBe(2);
    await writeFile(join(folder, 'cpu.max'), 'max 100000\n');
    await writeFile(join(folder, 'memory.max'), 'max\n');
    const { cpusLimit, memLimitBytes, ...free } = usage;
    expect(await readUsage(paths)).toEqual(free);
  } finally {
    await removeFolder(folder);
  }
});
