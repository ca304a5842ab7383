/** Native containers by crun, on a machine that shows no cgroups of version 2 beside those of version 1: there it does not run. */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestCgroup, fillBusyboxRoot, mountSmallDisk, waitFor } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { readCgroupPaths, readUsage } from '../src/container/cgroup-usage.ts';
import { readLog, shellSpec } from './container-spec.ts';
import { startDoomedAgent } from './doomed-agent.ts';

const withoutUnified = [
  ...['unshare', '--mount', 'sh', '-c'],
  ...['umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', 'sh'],
];

test('a container of crun has its root, its limits and its output, and goes when it is told to', async () => {
  await using undo = new AsyncDisposableStack();
  const disk = await mountSmallDisk({ sizeMb: 64 });
  undo.defer(() => disk.close());
  await chmod(disk.path, 0o755);
  const rootfs = { path: join(disk.path, 'busybox') };
  await mkdir(rootfs.path);
  await fillBusyboxRoot(rootfs.path);
  const cgroup = await createTestCgroup('crun');
  undo.defer(() => cgroup.end());
  const agent = await startDoomedAgent(
    {
      ...{ runtime: 'native', runcPath: '/usr/bin/crun' },
      ...{ stateFolder: join(disk.path, 'state'), cgroupRoot: `${cgroup.path}/containers` },
    },
    withoutUnified,
  );
  undo.defer(() => agent.close());
  const spec = await shellSpec(disk.path, 'ls /usr; ulimit -n; sleep 100', {
    resources: { cpus: 0.5, cpusLimit: 1.5, memBytes: 48 * 2 ** 20 },
    linux: { rootfs, rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }] },
  });
  const { pid = 0 } = await agent.launch(spec);
  await waitFor(async () => (await readLog(spec)) === '100\n', { what: 'the limit of files' });
  expect(await readLog(spec, 'stderr')).toContain('/usr: No such file or directory');
  const usage = await readUsage(await readCgroupPaths(pid));
  expect(usage).toMatchObject({ cpusLimit: 1.5, memLimitBytes: 48 * 2 ** 20 });
  await agent.close();
  await expect(readCgroupPaths(pid)).rejects.toThrow('ENOENT');
});
