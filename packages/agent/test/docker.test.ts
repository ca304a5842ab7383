import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  busyboxImage,
  type DockerEngine,
  freePorts,
  removeFolder,
  runCommand,
  startDocker,
  startFakeRegistry,
  temporaryFolder,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Containerizer, type ContainerSpec, createContainerizer, DockerRuntime } from '../src/index.ts';
import { readLog, shellSpec } from './container-spec.ts';
import { startDoomedAgent } from './doomed-agent.ts';

let engine: DockerEngine;
let image: { name: string };
let folder: string;
let runtime: DockerRuntime;
let containerizer: Containerizer;

beforeAll(async () => {
  folder = await temporaryFolder('agent');
  engine = await startDocker({ flags: ['--live-restore'] });
  image = { name: await busyboxImage(engine) };
  runtime = new DockerRuntime({ ...settings(), agentName: 'tested' });
  containerizer = createContainerizer(runtime);
});
afterEach(async () => {
  for (const containerId of containerizer.containers()) await containerizer.destroy(containerId);
});
afterAll(async () => {
  await containerizer?.close();
  await engine?.close();
  await removeFolder(folder);
});

const settings = () => ({ socketPath: engine.socketPath, stateFolder: join(folder, 'state') });
const docker = (...args: string[]) => runCommand('docker', ['--host', engine.dockerHost, ...args]);
const specFor = (value: string, more: Partial<ContainerSpec> = {}) =>
  shellSpec(folder, value, { image, ...more });

async function run(spec: ContainerSpec) {
  await containerizer.launch(spec);
  return await containerizer.wait(spec.containerId);
}

describe('a container', () => {
  test('has its environment, its sandbox, and its output there; its exit code is known', async () => {
    const spec = await specFor('echo "$GREETING"; echo trouble >&2; pwd >$MESOS_SANDBOX/file; exit 7', {
      environment: { GREETING: 'hello' },
    });
    expect(await run(spec)).toEqual({
      reason: 'exited',
      exitCode: 7,
      message: 'Command exited with status 7',
    });
    expect(await readLog(spec)).toBe('hello\n');
    expect(await readLog(spec, 'stderr')).toBe('trouble\n');
    expect(await readFile(join(spec.sandboxPath, 'file'), 'utf8')).toBe('/\n');
  });

  test('has the limits of its resources, its labels, user, volumes and parameters', async () => {
    const spec = await specFor('sleep 100', {
      resources: { cpus: 0.5, cpusLimit: 1.5, memBytes: 48 * 2 ** 20, cpuset: '0' },
      labels: { team: 'one' },
      user: 'task',
      volumes: [
        { source: 'sandbox', path: 'data', containerPath: '/data', readOnly: true },
        { source: 'driver', driver: 'local', name: 'tasks', containerPath: 'inner' },
      ],
      docker: { parameters: [{ key: 'ulimit', value: 'nofile=100:200' }] },
    });
    await containerizer.launch(spec);
    const { stdout } = await docker('inspect', `mesos-${spec.containerId}`);
    const [{ HostConfig, Config, State }] = JSON.parse(stdout);
    expect(HostConfig).toMatchObject({
      CpuShares: 512,
      CpuQuota: 150_000,
      Memory: 48 * 2 ** 20,
      CpusetCpus: '0',
    });
    expect(HostConfig.Ulimits).toEqual([{ Name: 'nofile', Soft: 100, Hard: 200 }]);
    expect(Config).toMatchObject({ User: 'task', Labels: { team: 'one' } });
    expect(await containerizer.usage(spec.containerId)).toMatchObject({
      cpusLimit: 1.5,
      memLimitBytes: 48 * 2 ** 20,
    });
    expect(containerizer.status(spec.containerId)?.pid).toBe(State.Pid);
    const session = await containerizer.exec(spec.containerId, {
      argv: ['sh', '-c', 'id -un; ls -d /data; grep -c sandbox/inner /proc/mounts; exit 3'],
    });
    expect(await text(session.stdout)).toBe('task\n/data\n1\n');
    expect(await session.exit).toBe(3);
    const given = new AbortController();
    const endless = { argv: ['sleep', '4711'], signal: given.signal };
    const endlessSession = await containerizer.exec(spec.containerId, endless);
    const sleeps = async () =>
      (await docker('top', `mesos-${spec.containerId}`)).stdout.includes('sleep 4711');
    await waitFor(sleeps, { what: 'the command' });
    given.abort();
    await expect(endlessSession.exit).rejects.toMatchObject({ code: 'Killed' });
    await waitFor(async () => !(await sleeps()), { what: 'the command to end' });
  });

  test('that takes more memory than it may is told apart', async () => {
    const spec = await specFor('x=$(head -c 100000000 /dev/zero | tr "\\0" a); echo survived', {
      resources: { cpus: 1, memBytes: 32 * 2 ** 20 },
    });
    expect(await run(spec)).toMatchObject({ reason: 'outOfMemory', exitCode: 137 });
  });

  test('is asked to end, and has its grace for it', async () => {
    const spec = await specFor('trap "echo bye; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
    await containerizer.launch(spec);
    await waitFor(async () => (await readLog(spec)).includes('ready'), { what: 'the trap' });
    containerizer.kill(spec.containerId, { graceMs: 20_000 });
    expect(await containerizer.wait(spec.containerId)).toMatchObject({ reason: 'killed', exitCode: 0 });
    expect(await readLog(spec)).toBe('ready\nbye\n');
  });

  test('is ended when it does not end by itself', async () => {
    const spec = await specFor('trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await containerizer.launch(spec);
    // Before it has become the command it is the OCI runtime still, which ends with 2 when it is asked to.
    await waitFor(async () => (await readLog(spec)).includes('ready'), { what: 'the trap' });
    containerizer.kill(spec.containerId, { graceMs: 100 });
    const termination = await containerizer.wait(spec.containerId);
    expect(termination).toMatchObject({ reason: 'killed', exitCode: 137 });
    await containerizer.destroy(spec.containerId);
    expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
    expect(await readdir(join(folder, 'state'))).toEqual([]);
  });

  test('that cannot be started leaves nothing', async () => {
    const spec = await specFor('', { command: { shell: false, value: '/no/such/program' } });
    await expect(containerizer.launch(spec)).rejects.toMatchObject({ code: 'LaunchFailed' });
    const missing = await specFor('true', { image: { name: '127.0.0.1:1/no/such' } });
    await expect(containerizer.launch(missing)).rejects.toMatchObject({ code: 'ImageUnavailable' });
    const unknown = await specFor('true', { docker: { parameters: [{ key: 'frobnicate', value: '' }] } });
    await expect(containerizer.launch(unknown)).rejects.toThrow('"frobnicate" is not known');
    expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
    expect(containerizer.containers()).toEqual([]);
  });
});

describe('networks', () => {
  test('bridge publishes ports, a named one has addresses, host and none have none', async () => {
    const [[hostPort = 0], network] = [await freePorts(1), `tasks-${Date.now()}`];
    const served = await specFor('mkdir /w; echo served >/w/index.html; exec httpd -f -p 80 -h /w', {
      network: { mode: 'bridge' },
      portMappings: [{ hostPort, containerPort: 80, protocol: 'tcp' }],
    });
    await docker('network', 'create', network);
    const named = await specFor('sleep 100', { network: { mode: 'named', name: network } });
    const host = await specFor('sleep 100');
    const none = await specFor('ip -4 -o address', { network: { mode: 'none' } });
    const [bridged, onNamed, onHost] = await Promise.all(
      [served, named, host].map((one) => containerizer.launch(one)),
    );
    expect(bridged?.ipAddresses[0]).toMatch(/^10\.213\./);
    expect(onNamed?.ipAddresses[0]).toMatch(/^10\.213\./);
    expect(onHost?.ipAddresses).toEqual([]);
    const get = async () => (await fetch(`http://127.0.0.1:${hostPort}/`)).text();
    expect(await waitFor(get, { what: 'the published port' })).toBe('served\n');
    await run(none);
    expect((await readLog(none)).trim().split('\n')).toHaveLength(1);
    for (const one of [served, named, host]) await containerizer.destroy(one.containerId);
    await docker('network', 'rm', network);
  });
});

describe('images', () => {
  test('are pulled when they are missing or when told to, with the credentials given', async () => {
    await using registry = await startFakeRegistry({ auth: 'bearer' });
    const { username, password } = registry.credentials;
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    const pullConfig = JSON.stringify({ auths: { [registry.host]: { auth } } });
    const pulled = (more: object) => specFor('true', { image: { name: `${registry.image}:1`, ...more } });

    await expect(containerizer.launch(await pulled({}))).rejects.toMatchObject({ code: 'ImageUnavailable' });
    expect(await run(await pulled({ pullConfig }))).toMatchObject({ exitCode: 0 });
    expect(registry.manifestRequests).toHaveLength(1);
    expect(await run(await pulled({}))).toMatchObject({ exitCode: 0 });
    expect(registry.manifestRequests).toHaveLength(1);
    await run(await pulled({ pullConfig, forcePull: true }));

    // As tasks have always brought them along: among their URIs.
    for (const file of ['.docker/config.json', '.dockercfg']) {
      const fetched = await pulled({ forcePull: true });
      await mkdir(join(fetched.sandboxPath, '.docker'));
      const { auths } = JSON.parse(pullConfig);
      const text = file === '.dockercfg' ? JSON.stringify(auths) : pullConfig;
      await writeFile(join(fetched.sandboxPath, file), text);
      expect(await run(fetched)).toMatchObject({ exitCode: 0 });
    }
    const names = (await runtime.cachedImages()).flatMap((one) => one.names);
    expect(names).toContain(`${registry.image}:1`);
    const wrong = JSON.stringify({ auths: { [registry.host]: { username, password: 'wrong' } } });
    const refused = containerizer.launch(await pulled({ pullConfig: wrong, forcePull: true }));
    await expect(refused).rejects.toMatchObject({ code: 'ImageUnavailable' });
    await expect(refused).rejects.toThrow(/unauthorized|authentication required/i);
    await expect(refused).rejects.toSatisfy((error: Error) => !error.message.includes('wrong'));
  });

  test("a program that the agent's configuration names is asked for credentials, one that a task names is not", async () => {
    await using registry = await startFakeRegistry({ auth: 'bearer' });
    const { username, password } = registry.credentials;
    const bin = await temporaryFolder('helper');
    const answer = JSON.stringify({ ServerURL: registry.host, Username: username, Secret: password });
    const script = `#!/bin/sh\n[ "$1 $(cat)" = "get ${registry.host}" ] && echo '${answer}'\n`;
    await writeFile(join(bin, 'docker-credential-tested'), script, { mode: 0o755 });
    vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
    const config = JSON.stringify({ credHelpers: { [registry.host]: 'tested' } });
    const own = createContainerizer(new DockerRuntime({ ...settings(), agentName: 'helped', config }));
    try {
      const image = { name: `${registry.image}:1`, forcePull: true };
      const spec = await specFor('true', { image });
      await own.launch(spec);
      expect(await own.wait(spec.containerId)).toMatchObject({ exitCode: 0 });
      await own.destroy(spec.containerId);
      const named = await specFor('true', { image: { ...image, pullConfig: config } });
      await expect(own.launch(named)).rejects.toMatchObject({ code: 'ImageUnavailable' });
    } finally {
      vi.unstubAllEnvs();
      await own.close();
      await removeFolder(bin);
    }
  });

  test('that take long to come can be given up', async () => {
    await using registry = await startFakeRegistry();
    const release = registry.hold();
    const spec = await specFor('true', { image: { name: `${registry.image}:latest` } });
    const launch = containerizer.launch(spec);
    containerizer.kill(spec.containerId);
    await expect(launch).rejects.toMatchObject({ code: 'Killed' });
    release();
  });
});

describe('logs', () => {
  test('are rotated and nothing of them is lost', async () => {
    const own = createContainerizer(
      new DockerRuntime({
        ...settings(),
        agentName: 'rotating',
        rotation: { maxBytes: 100_000, maxFiles: 20 },
      }),
    );
    const spec = await specFor('seq 1 100000');
    await own.launch(spec);
    await own.wait(spec.containerId);
    const files = (await readdir(spec.sandboxPath)).filter((name) => name.startsWith('stdout'));
    const age = (name: string) => Number(name.split('.')[1] ?? 0);
    files.sort((left, right) => age(right) - age(left));
    const parts = await Promise.all(files.map((name) => readFile(join(spec.sandboxPath, name), 'utf8')));
    const expected = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(parts.join('') === expected).toBe(true);
    expect(files.length).toBeGreaterThan(5);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(100_000);
    await own.destroy(spec.containerId);
    await own.close();
  });
});

describe('recovery', () => {
  test('finds containers, exit codes and logs after a kill of the agent', async () => {
    const choice = { runtime: 'docker', ...settings(), agentName: 'doomed' } as const;
    const doomed = await startDoomedAgent(choice);
    const running = await specFor(
      'i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; sleep 0.005; done; exit 4',
    );
    const ending = await specFor('echo begun; sleep 0.6; echo ended; exit 9');
    const orphan = await specFor('sleep 100');
    for (const spec of [running, ending, orphan]) await doomed.launch(spec);
    await waitFor(async () => (await readLog(running)).includes('20\n'), { what: 'some output' });
    await doomed.kill();
    await waitFor(async () => !(await docker('ps', '--quiet')).stdout.includes(ending.containerId), {
      what: 'an end',
    });
    await waitFor(async () => (await docker('ps', '-a')).stdout.includes('Exited (9)'), {
      what: 'the exit meanwhile',
    });

    const next = createContainerizer(new DockerRuntime(choice));
    const recovered = await next.recover((containerId) => containerId !== orphan.containerId);
    const stateOf = (spec: ContainerSpec) => recovered.find((one) => one.containerId === spec.containerId);
    expect(stateOf(running)).toMatchObject({ state: 'running', status: { runtime: 'docker' } });
    expect(stateOf(ending)).toMatchObject({
      state: 'exited',
      termination: { reason: 'exited', exitCode: 9 },
    });
    expect(stateOf(orphan)).toBeUndefined();
    expect(await readLog(ending)).toBe('begun\nended\n');
    expect(await next.wait(running.containerId)).toMatchObject({ reason: 'exited', exitCode: 4 });
    const numbers = Array.from({ length: 200 }, (_, index) => `${index + 1}\n`).join('');
    expect(await readLog(running)).toBe(numbers);
    for (const spec of [running, ending]) await next.destroy(spec.containerId);
    await next.close();
    expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
  });

  test('of the Engine itself: containers go on, and their ends are seen', async () => {
    const during = await specFor('sleep 0.3; echo out; exit 5');
    const after = await specFor('until [ -e $MESOS_SANDBOX/go ]; do sleep 0.05; done; exit 6');
    for (const spec of [during, after]) await containerizer.launch(spec);
    await engine.kill();
    await expect(containerizer.launch(await specFor('true'))).rejects.toMatchObject({
      code: 'RuntimeUnavailable',
    });
    await engine.start();
    expect(await containerizer.wait(during.containerId)).toMatchObject({ reason: 'exited' });
    await runCommand('touch', [join(after.sandboxPath, 'go')]);
    expect(await containerizer.wait(after.containerId)).toMatchObject({ reason: 'exited', exitCode: 6 });
  });
});
