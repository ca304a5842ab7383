import { expect, test } from 'vitest';
import { cgroupPaths } from './cgroup-usage.ts';

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
