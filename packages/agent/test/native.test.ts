import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import {
  createNetwork,
  createTestCgroup,
  fillBusyboxRoot,
  mountSmallDisk,
  type SmallDisk,
  type TestCgroup,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Containerizer, type ContainerSpec, createContainerizer, NativeRuntime } from '../src/index.ts';
import { readLog, shellSpec } from './container-spec.ts';
import { startDoomedAgent } from './doomed-agent.ts';

let disk: SmallDisk;
let folder: string;
let rootfs: { path: string };
let cgroup: TestCgroup;
let containerizer: Containerizer;

beforeAll(async () => {
  // In memory, and unmounted with all that is mounted below, however the test ends.
  disk = await mountSmallDisk({ sizeMb: 64 });
  folder = disk.path;
  await chmod(folder, 0o755);
  rootfs = { path: join(folder, 'busybox') };
  await mkdir(rootfs.path);
  await fillBusyboxRoot(rootfs.path);
  cgroup = await createTestCgroup('native');
  containerizer = createContainerizer(new NativeRuntime(settings()));
});
afterEach(async () => {
  for (const containerId of containerizer.containers()) await containerizer.destroy(containerId);
});
afterAll(async () => {
  await containerizer?.close();
  await cgroup?.end();
  await disk?.close();
});

const settings = () => ({ stateFolder: join(folder, 'state'), cgroupRoot: `${cgroup.path}/containers` });
const specFor = (value: string, more: Partial<ContainerSpec> = {}) => shellSpec(folder, value, more);

async function run(spec: ContainerSpec) {
  await containerizer.launch(spec);
  return await containerizer.wait(spec.containerId);
}

describe('a container', () => {
  test('on the file system of the host runs what is installed there, in its sandbox', async () => {
    const spec = await specFor('echo "$GREETING $HOME"; pwd >&2; touch made; ls / | wc -l; exit 7', {
      environment: { GREETING: 'hello' },
    });
    expect(await run(spec)).toEqual({
      reason: 'exited',
      exitCode: 7,
      message: 'Command exited with status 7',
    });
    expect(await readLog(spec)).toMatch(/^hello \/root\n\d+\n$/);
    expect(await readLog(spec, 'stderr')).toBe(`${spec.sandboxPath}\n`);
    expect(existsSync(join(spec.sandboxPath, 'made'))).toBe(true);
  });

  test('with a root of its own sees nothing of the host and leaves that root as it was', async () => {
    const script =
      'echo $$; ls -d /mnt/mesos/sandbox /usr 2>&1; pwd; echo mark >/written; cat /data/file; touch /data/x';
    const spec = await specFor(script, {
      linux: { rootfs },
      volumes: [{ source: 'host', hostPath: join(folder, 'data'), containerPath: '/data', readOnly: true }],
    });
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/file'), 'shared\n');
    expect(await run(spec)).toMatchObject({ exitCode: 1 });
    const lines = (await readLog(spec)).split('\n');
    expect(Number(lines[0])).toBeLessThan(10);
    expect(lines.slice(1, 5)).toEqual(
      expect.arrayContaining(['/mnt/mesos/sandbox', 'ls: /usr: No such file or directory', 'shared']),
    );
    expect(await readLog(spec, 'stderr')).toContain('Read-only file system');
    expect(existsSync(join(rootfs.path, 'written'))).toBe(false);
  });

  test('has the limits of its resources', async () => {
    const spec = await specFor('ulimit -n; sleep 100', {
      resources: { cpus: 0.5, cpusLimit: 1.5, memBytes: 48 * 2 ** 20, cpuset: '0' },
      linux: { rlimits: [{ type: 'RLIMIT_NOFILE', soft: 100, hard: 200 }] },
    });
    await containerizer.launch(spec);
    const usage = await containerizer.usage(spec.containerId);
    expect(usage).toMatchObject({ cpusLimit: 1.5, memLimitBytes: 48 * 2 ** 20 });
    expect(usage.processes).toBeGreaterThan(0);
    await waitFor(async () => (await readLog(spec)) === '100\n', { what: 'the limit of files' });
    const session = await containerizer.exec(spec.containerId, {
      argv: ['sh', '-c', 'echo "$SECRET $HOME"; id -u; exit 3'],
      environment: { SECRET: 'told' },
      user: '1000',
    });
    expect(await text(session.stdout)).toBe('told /root\n1000\n');
    expect(await session.exit).toBe(3);
    const terminal = await containerizer.exec(spec.containerId, {
      argv: ['sh', '-c', "tty; echo 'it''s'; exit 4"],
      tty: true,
    });
    expect(await text(terminal.stdout)).toMatch(/^\/dev\/pts\/\d+\r\nits\r\n$/);
    expect(await terminal.exit).toBe(4);
  });

  test('that takes more memory than it may is told apart', async () => {
    const spec = await specFor('x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo survived', {
      resources: { cpus: 1, memBytes: 32 * 2 ** 20 },
    });
    expect(await run(spec)).toMatchObject({ reason: 'outOfMemory', exitCode: 137 });
  });

  test('of a user has no capabilities; root has few, and a filter of system calls', async () => {
    const look =
      'id -u; grep -E "CapEff|Seccomp:" /proc/self/status | tr -d "\\t"; mount -t tmpfs x /tmp || unshare -n true';
    const user = await specFor(look, { linux: { rootfs }, user: 'task' });
    await chown(user.sandboxPath, 1000, 1000);
    await run(user);
    expect((await readLog(user)).split('\n').slice(0, 3)).toEqual([
      '1000',
      'CapEff:0000000000000000',
      'Seccomp:2',
    ]);
    const root = await specFor(look);
    await run(root);
    expect((await readLog(root)).split('\n').slice(0, 3)).toEqual([
      '0',
      'CapEff:00000000a80425fb',
      'Seccomp:2',
    ]);
    expect(await readLog(root, 'stderr')).toMatch(/permission denied[\s\S]*not permitted/i);
  });

  test('is held to the profile of system calls that it names, or the one for all', async () => {
    const profiles = await mkdtemp(join(folder, 'seccomp-'));
    const refuse = (...names: string[]) => ({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names, action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['execve'], action: 'SCMP_ACT_ERRNO', includes: { caps: ['CAP_SYS_ADMIN'] } },
      ],
    });
    await writeFile(join(profiles, 'all.json'), JSON.stringify(refuse('mkdir', 'mkdirat')));
    await writeFile(join(profiles, 'own.json'), JSON.stringify(refuse('unlink', 'unlinkat')));
    const own = createContainerizer(
      new NativeRuntime({
        ...settings(),
        stateFolder: join(profiles, 'state'),
        seccomp: { folder: profiles, defaultName: 'all.json' },
      }),
    );
    const look = 'touch f; mkdir d; rm f; ls';
    try {
      const [plain, named, free] = [
        await specFor(look),
        await specFor(look, { linux: { seccomp: { profile: 'own.json' } } }),
        await specFor(look, { linux: { seccomp: 'unconfined' } }),
      ];
      for (const spec of [plain, named, free]) {
        await own.launch(spec);
        await own.wait(spec.containerId);
      }
      const made = async (spec: ContainerSpec) =>
        (await readLog(spec)).split('\n').filter((name) => name.length === 1);
      expect(await made(plain)).toEqual([]);
      expect(await readLog(plain, 'stderr')).toMatch(/mkdir.*not implemented/);
      expect(await made(named)).toEqual(['d', 'f']);
      expect(await made(free)).toEqual(['d']);
      const missing = await specFor(look, { linux: { seccomp: { profile: 'no.json' } } });
      await expect(own.launch(missing)).rejects.toThrow(`there is none in ${profiles}`);
      const outside = await specFor(look, { linux: { seccomp: { profile: '../all.json' } } });
      await expect(own.launch(outside)).rejects.toThrow('it leads out of its folder');
    } finally {
      for (const containerId of own.containers()) await own.destroy(containerId);
      await own.close();
    }
  });

  test('is asked to end, with all its processes, and ended when it does not', async () => {
    const polite = await specFor('echo ready; sleep 100; echo never');
    const deaf = await specFor('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    for (const spec of [polite, deaf]) await containerizer.launch(spec);
    for (const spec of [polite, deaf])
      await waitFor(async () => (await readLog(spec)) === 'ready\n', { what: 'the commands' });
    containerizer.kill(polite.containerId, { graceMs: 60_000 });
    containerizer.kill(deaf.containerId, { graceMs: 100 });
    expect(await containerizer.wait(polite.containerId)).toMatchObject({ reason: 'killed', exitCode: 143 });
    expect(await containerizer.wait(deaf.containerId)).toMatchObject({ reason: 'killed', exitCode: 137 });
  });

  test('leaves nothing but its sandbox', async () => {
    const failed = await specFor('true', { linux: { rootfs: { path: '/no/such/root' } } });
    await expect(containerizer.launch(failed)).rejects.toMatchObject({ code: 'LaunchFailed' });
    const nobody = await specFor('true', { user: 'nobody-at-all' });
    await expect(containerizer.launch(nobody)).rejects.toThrow('there is no user "nobody-at-all"');
    const nowhere = await specFor('true', { resources: { cpus: 1, memBytes: 0, cpuset: '4095' } });
    await expect(containerizer.launch(nowhere)).rejects.toThrow(/cpuset/);
    const spec = await specFor('sleep 100', { linux: { rootfs } });
    await containerizer.launch(spec);
    await containerizer.destroy(spec.containerId);
    for (const name of ['containers', 'exits', 'runc'])
      expect(await readdir(join(folder, 'state', name))).toEqual([]);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(`${folder}/`);
    const hierarchies = ['', ...(await readdir('/sys/fs/cgroup'))];
    const ofIt = hierarchies.map((name) =>
      join('/sys/fs/cgroup', name, settings().cgroupRoot, spec.containerId),
    );
    expect(ofIt.filter((path) => existsSync(path))).toEqual([]);
  });
});

test('an end that nobody was left to write down is seen all the same', async () => {
  const after: Clock['after'] = (delayMs, callback, options) =>
    systemClock.after(delayMs / 50, callback, options);
  const clock = { ...systemClock, after };
  const stateFolder = join(folder, 'unwatched');
  const own = createContainerizer(new NativeRuntime({ ...settings(), stateFolder, clock }));
  const spec = await specFor('sleep 100');
  const { pid } = await own.launch(spec);
  const conmon = await readFile(join(stateFolder, 'containers', spec.containerId, 'conmon.pid'), 'utf8');
  process.kill(Number(conmon), 'SIGKILL');
  process.kill(pid, 'SIGKILL');
  const termination = await own.wait(spec.containerId);
  expect(termination).toEqual({
    reason: 'exited',
    exitCode: undefined,
    message: 'Command exited with an unknown status',
  });
  await own.destroy(spec.containerId);
  await own.close();
});

test('containers, exit codes and logs are found after a kill of the agent', async () => {
  const choice = { runtime: 'native', ...settings(), stateFolder: join(folder, 'doomed') } as const;
  const doomed = await startDoomedAgent(choice);
  const running = await specFor(
    'i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i; sleep 0.005; done; exit 4',
  );
  const ending = await specFor('echo begun; sleep 0.3; echo ended; exit 9');
  const hungry = await specFor('sleep 0.3; x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo survived', {
    resources: { cpus: 1, memBytes: 32 * 2 ** 20 },
  });
  const orphan = await specFor('sleep 100');
  for (const spec of [ending, hungry, orphan, running]) await doomed.launch(spec);
  await doomed.kill();
  const exits = join(folder, 'doomed/exits');
  for (const { containerId } of [ending, hungry]) {
    await waitFor(() => existsSync(join(exits, containerId)), { what: 'the exit meanwhile' });
  }

  const next = createContainerizer(new NativeRuntime(choice));
  const recovered = await next.recover((containerId) => containerId !== orphan.containerId);
  const stateOf = (spec: ContainerSpec) => recovered.find((one) => one.containerId === spec.containerId);
  expect(stateOf(ending)).toMatchObject({ state: 'exited', termination: { reason: 'exited', exitCode: 9 } });
  expect(stateOf(hungry)).toMatchObject({
    state: 'exited',
    termination: { reason: 'outOfMemory', exitCode: 137 },
  });
  expect(stateOf(orphan)).toBeUndefined();
  expect(await readLog(ending)).toBe('begun\nended\n');
  expect(await next.wait(running.containerId)).toMatchObject({ reason: 'exited', exitCode: 4 });
  expect((await readLog(running)).split('\n')).toHaveLength(101);
  for (const containerId of next.containers()) await next.destroy(containerId);
  await next.close();
});

test('a network of plugins gives an address and publishes ports, and is left without a trace', async () => {
  await using network = await createNetwork(['agent']);
  const host = network.host('agent');
  const configFolder = join(folder, 'networks');
  await mkdir(configFolder);
  const ipam = { type: 'host-local', subnet: '10.88.7.0/24', dataDir: join(folder, 'leases') };
  const plugins = [
    { type: 'bridge', bridge: 'tasks0', isDefaultGateway: true, ipMasq: true, ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
  await writeFile(
    join(configFolder, 'tasks.conflist'),
    JSON.stringify({ cniVersion: '0.4.0', name: 'tasks', plugins }),
  );
  const choice = { runtime: 'native', ...settings(), stateFolder: join(folder, 'networked') } as const;
  const wrapper = ['nsenter', `--net=/run/netns/${host.wrapper.at(-1)}`];
  const agent = await startDoomedAgent({ ...choice, cni: { configFolder } }, wrapper);
  const spec = await specFor(
    'mkdir /w; echo served >/w/index.html; hostname >&2; exec httpd -f -p 80 -h /w',
    {
      linux: { rootfs },
      network: { mode: 'named', name: 'tasks' },
      portMappings: [{ hostPort: 18_080, containerPort: 80, protocol: 'tcp' }],
    },
  );
  const status = await agent.launch(spec);
  expect(status.ipAddresses).toEqual(['10.88.7.2']);
  const get = (address: string) =>
    host.run('curl', ['--silent', '--fail', '--max-time', '2', '--noproxy', '*', `http://${address}/`]);
  const served = await waitFor(() => get('10.88.7.2').catch(() => undefined), { what: 'the server' });
  expect(served.stdout).toBe('served\n');
  expect((await get(`${host.address}:18080`)).stdout).toBe('served\n');
  expect(await readLog(spec, 'stderr')).toBe(`${spec.containerId}\n`);
  await agent.close();
  expect((await readdir(join(folder, 'leases/tasks'))).filter((name) => name.startsWith('10.'))).toEqual([]);
  expect(existsSync(`/run/netns/mesos-${spec.containerId}`)).toBe(false);
  expect((await host.run('iptables-save', [])).stdout).not.toContain('10.88.7.2');
});
