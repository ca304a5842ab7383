import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@orchestrator/runtime';
import { busyboxImage, type DockerEngine, startDocker, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerSource } from '../src/docker/source.ts';
import { hostSource } from '../src/host/source.ts';
import { type Probe, startProbe } from '../src/probe.ts';
import { processSource } from '../src/process/source.ts';
import { type AppServer, latestOf, startAppServer } from './app-server.ts';
import { joinNetwork, killContainer, runContainer, startContainer } from './containers.ts';

let engine: DockerEngine;
let image: string;
let app: AppServer;
let probe: Probe;

const nodeId = (id: string) => `${id};<container>`;
const timeoutMs = 60_000;
/** On a machine that is busy, and before anything is looked at once more without an event. */
const soonMs = 8_000;

const create = (name: string, config: object) =>
  runContainer(engine, image, name, { Tty: false, OpenStdin: true, ...config });

const container = (id: string) => app.node('container', nodeId(id));
const stateOf = (id: string) => latestOf(container(id), 'docker_container_state');
const waitForState = (id: string, state: string) =>
  waitFor(() => stateOf(id) === state, { what: `${id} to be ${state}`, timeoutMs, intervalMs: 10 });

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  app = await startAppServer();
  probe = startProbe({
    sources: [
      hostSource(),
      processSource({ everyMs: 500, minAgeMs: 500 }),
      dockerSource({ socketPath: engine.socketPath, metricsEveryMs: 500 }),
    ],
    apps: [{ grpc: app.address }],
    logger: silentLogger,
  });
  await waitFor(() => app.received.frames > 0, { what: 'the first report', timeoutMs });
});

afterAll(async () => {
  await probe?.stop();
  await app?.close();
  await engine?.close();
});

describe('a container', () => {
  it('is shown with what it is made of, without its secrets', async () => {
    const id = await create('described', {
      Cmd: ['sleep', '600'],
      Env: ['COLOR=blue', 'DB_PASSWORD=hunter2', 'DB_URL=postgres://me:hunter2@db/x'],
      Labels: { tier: 'web' },
    });
    await waitForState(id, 'running');
    const node = container(id);
    expect(latestOf(node, 'docker_container_name')).toBe('described');
    expect(latestOf(node, 'docker_label_tier')).toBe('web');
    expect(latestOf(node, 'docker_env_COLOR')).toBe('blue');
    expect(latestOf(node, 'docker_env_DB_PASSWORD')).toBe('***');
    expect(latestOf(node, 'docker_env_DB_URL')).toBe('postgres://me:***@db/x');
    const [ip = ''] = node?.sets.get('docker_container_ips')?.keys() ?? [];
    expect(ip).toMatch(/^10\.213\./);
    const [imageId = ''] = node?.parents.get('container_image')?.keys() ?? [];
    expect(latestOf(app.node('container_image', imageId), 'docker_image_name')).toBe('orchestrator/busybox');
  });

  it('has usage from its control groups, and its processes know it', async () => {
    const id = await create('busy', {
      Cmd: ['sh', '-c', 'while :; do :; done'],
      HostConfig: { Memory: 64 * 2 ** 20 },
    });
    const metric = (name: string) => container(id)?.metrics.get(name);
    await waitFor(() => (metric('docker_cpu_total_usage')?.values.at(-1) ?? 0) > 5, {
      what: 'CPU of a busy container',
      timeoutMs,
    });
    expect(metric('docker_memory_usage')?.values.at(-1)).toBeGreaterThan(0);
    expect(metric('docker_memory_usage')?.range.max).toBe(64 * 2 ** 20);
    const [, process] = await waitFor(
      () => app.find('process', (node) => node.parents.get('container')?.has(nodeId(id)) === true),
      { what: 'a process of the container', timeoutMs },
    );
    expect(latestOf(process, 'cmdline')).toContain('while');
    await killContainer(engine, id);
  });

  it('is seen soon after it starts and is gone soon after it is removed', async () => {
    const id = await create('brief', { Cmd: ['sleep', '600'] });
    await waitForState(id, 'running');
    await engine.request('DELETE', `/containers/${id}?force=1`);
    const start = performance.now();
    await waitFor(() => container(id) === undefined, { what: 'it to go', timeoutMs, intervalMs: 5 });
    expect(performance.now() - start).toBeLessThan(soonMs);
  });
});

it('an address that a container is given later is known', async () => {
  const id = await create('joining', { Cmd: ['sleep', '600'] });
  await waitForState(id, 'running');
  const networks = () => container(id)?.sets.get('docker_container_networks')?.size ?? 0;
  const before = networks();
  const network = await joinNetwork(engine, id, 'later');
  await waitFor(() => networks() === before + 1, { what: 'the second network', timeoutMs });
  await killContainer(engine, id);
  await engine.request('DELETE', `/containers/${id}?force=1`);
  await engine.request('DELETE', `/networks/${network}`);
});

describe('controls', () => {
  it('pause, unpause, stop, start, restart and remove a container', async () => {
    const id = await create('controlled', {
      Cmd: ['sh', '-c', 'trap exit TERM; while :; do sleep 0.1; done'],
    });
    await waitForState(id, 'running');
    const steps: [string, string][] = [
      ['docker_pause_container', 'paused'],
      ['docker_unpause_container', 'running'],
      ['docker_stop_container', 'exited'],
      ['docker_start_container', 'running'],
      ['docker_restart_container', 'running'],
      ['docker_stop_container', 'exited'],
    ];
    for (const [control, state] of steps) {
      await waitFor(() => container(id)?.controls.get(control)?.value === true, { what: control, timeoutMs });
      const answer = await app.call(nodeId(id), control);
      expect(answer.error, control).toBe('');
      await waitForState(id, state);
    }
    const answer = await app.call(nodeId(id), 'docker_remove_container');
    expect(answer).toMatchObject({ error: '', removedNode: nodeId(id) });
    await waitFor(() => container(id) === undefined, { what: 'it to go', timeoutMs });
  });

  it('that do not fit are refused with a reason', async () => {
    const unknown = await app.call('x;<container>', 'docker_fly_container');
    expect(unknown).toMatchObject({
      errorCode: 'not-found',
      error: expect.stringContaining('docker_fly_container'),
    });
    const elsewhere = await app.call('../../images;<container>', 'docker_stop_container');
    expect(elsewhere).toMatchObject({ errorCode: 'invalid' });
    const nobody = await app.call(nodeId('0'.repeat(64)), 'docker_stop_container');
    expect(nobody).toMatchObject({ errorCode: 'not-found' });
  });
});

describe('pipes', () => {
  it('carry a shell: type, resize, leave', async () => {
    const id = await create('shell', { Cmd: ['sleep', '600'] });
    await waitForState(id, 'running');
    const answer = await app.call(nodeId(id), 'docker_exec_container');
    expect(answer).toMatchObject({ error: '', rawTty: true, resizeTtyControl: 'docker_resize_exec_tty' });
    const { pipeId } = answer;
    app.write(pipeId, 'echo sum-$((40+2))\n');
    await waitFor(() => app.pipe(pipeId).output.includes('sum-42'), {
      what: 'the shell to answer',
      timeoutMs,
    });
    const size = { pipeID: pipeId, width: '100', height: '30' };
    expect((await app.call(nodeId(id), 'docker_resize_exec_tty', size)).error).toBe('');
    app.write(pipeId, 'stty size; exit\n');
    await waitFor(() => app.pipe(pipeId).ended !== undefined, { what: 'the shell to end', timeoutMs });
    expect(app.pipe(pipeId).output).toContain('30 100');
  });

  it('end a shell that is left, and what runs in it', async () => {
    const id = await create('left', { Cmd: ['sleep', '600'] });
    await waitForState(id, 'running');
    const { pipeId } = await app.call(nodeId(id), 'docker_exec_container');
    app.write(pipeId, 'echo now-$((40+2)); sleep 500\n');
    await waitFor(() => app.pipe(pipeId).output.includes('now-42'), { what: 'the shell', timeoutMs });
    const running = async () => JSON.parse(await engine.request('GET', `/containers/${id}/top`)).Processes;
    await waitFor(async () => (await running()).length === 3, { what: 'what runs in it', timeoutMs });
    app.closePipe(pipeId);
    await waitFor(async () => (await running()).length === 1, { what: 'the shell to end', timeoutMs });
  });

  it('carry logs as they are written, until they are closed', async () => {
    const id = await create('talking', {
      Cmd: ['sh', '-c', 'i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done'],
    });
    const { pipeId, error } = await app.call(nodeId(id), 'docker_logs_container', { tail: '10' });
    expect(error).toBe('');
    await waitFor(() => app.pipe(pipeId).output.includes('line 5\n'), { what: 'the log', timeoutMs });
    app.closePipe(pipeId);
    const isSilent = async () => {
      const { output } = app.pipe(pipeId);
      await sleep(500);
      return app.pipe(pipeId).output === output;
    };
    await waitFor(isSilent, { what: 'the log to end', timeoutMs });
    await killContainer(engine, id);
  });

  it('carry the input and output of a container without a terminal', async () => {
    const id = await create('echo', { Cmd: ['cat'], AttachStdin: true });
    const { pipeId, error } = await app.call(nodeId(id), 'docker_attach_container');
    expect(error).toBe('');
    app.write(pipeId, 'to and fro\n');
    await waitFor(() => app.pipe(pipeId).output === 'to and fro\n', { what: 'the echo', timeoutMs });
    await engine.request('DELETE', `/containers/${id}?force=1`);
    await waitFor(() => app.pipe(pipeId).ended !== undefined, { what: 'the pipe to end', timeoutMs });
  });
});

it('many short-lived containers leave nothing behind', async () => {
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const id = await create(`short-${index}`, { Cmd: ['true'], HostConfig: { AutoRemove: true } });
      return id;
    }),
  );
  await waitFor(
    () =>
      app.find('container', (node) =>
        (latestOf(node, 'docker_container_name') ?? '').startsWith('short-'),
      ) === undefined,
    { what: 'them all to go', timeoutMs },
  );
});

it('an engine that is started again is listed again', async () => {
  const id = await create('survivor', { Cmd: ['sleep', '600'] });
  await waitForState(id, 'running');
  await engine.kill();
  await engine.start();
  await waitForState(id, 'exited');
  await startContainer(engine, id);
  await waitForState(id, 'running');
});
