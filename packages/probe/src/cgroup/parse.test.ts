import { describe, expect, it } from 'vitest';
import {
  containerIdOf,
  parseBlockIoV1,
  parseBlockIoV2,
  parseGroupMounts,
  parseGroupPaths,
  parseLimit,
  statLine,
} from './parse.ts';

const id = '1a37fcbf613b2413a7e8ae07cb6cd73b3de812be6006a1152def53982c3fbbe2';

describe('control groups', () => {
  it.each([
    [
      'version 1',
      `9:name=systemd:/docker/${id}\n4:memory:/docker/${id}\n2:cpuacct,cpu:/docker/${id}\n0::/docker/${id}\n`,
    ],
    ['version 2 with systemd', `0::/system.slice/docker-${id}.scope\n`],
    [
      'Kubernetes',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1f.slice/cri-containerd-${id}.scope\n`,
    ],
    ['Podman', `0::/machine.slice/libpod-${id}.scope/container\n`],
  ])('name the container: %s', (_, text) => {
    expect(containerIdOf(text)).toBe(id);
  });

  it('name none where there is none', () => {
    expect(containerIdOf('0::/user.slice/user-1000.slice\n')).toBeUndefined();
  });

  it('have a path for each controller', () => {
    const paths = parseGroupPaths('2:cpuacct,cpu:/a\n4:memory:/b\n0::/c:d\n');
    expect(paths).toEqual(
      new Map([
        ['cpuacct', '/a'],
        ['cpu', '/a'],
        ['memory', '/b'],
        ['', '/c:d'],
      ]),
    );
  });

  it('are mounted somewhere, both versions at once too', () => {
    const mounts =
      parseGroupMounts(`35 34 0:30 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory
36 34 0:31 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw
37 1 0:32 / /proc rw - proc proc rw
`);
    expect(mounts.get('memory')).toBe('/sys/fs/cgroup/memory');
    expect(mounts.get('')).toBe('/sys/fs/cgroup/unified');
    expect(mounts.get('proc')).toBeUndefined();
  });

  it('count bytes of disks', () => {
    expect(
      parseBlockIoV1('254:0 Read 4096\n254:0 Write 100\n254:0 Total 4196\n8:0 Read 4\nTotal 4200\n'),
    ).toEqual({
      readBytes: 4100,
      writeBytes: 100,
    });
    expect(parseBlockIoV2('254:0 rbytes=4096 wbytes=100 rios=1\n8:0 rbytes=4 wbytes=0 rios=1\n')).toEqual({
      readBytes: 4100,
      writeBytes: 100,
    });
  });

  it('have lines with names that begin alike', () => {
    const text = 'total_inactive_file 7\ninactive_file 5\nusage_usec 12\n';
    expect(statLine(text, 'inactive_file')).toBe(5);
    expect(statLine(text, 'total_inactive_file')).toBe(7);
    expect(statLine(text, 'none')).toBe(0);
  });

  it.each([
    ['max', Number.NaN],
    ['9223372036854771712', Number.NaN],
    ['67108864', 67108864],
  ])('are limited: %s', (text, limit) => {
    expect(parseLimit(text)).toBe(limit);
  });
});
