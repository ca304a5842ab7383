import { observeNode, type Report } from '@orchestrator/report';
import { silentLogger } from '@orchestrator/runtime';
import { systemClock } from '@orchestrator/runtime/clock';
import { waitFor } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import { createCollector } from '../src/collect/collector.ts';
import { createPipes } from '../src/control/pipes.ts';
import { createSwitchboard } from '../src/control/switchboard.ts';
import { createProbeServer } from '../src/ingest/grpc-server.ts';
import { type ScriptedProbe, type ScriptedProbeOptions, startProbe } from './scripted-probe.ts';

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

async function start() {
  const clock = systemClock;
  const collector = createCollector({ clock, limits: { nodesPerProbe: 1_000, windowMs: 300 } });
  const pipes = createPipes(clock, { idleMs: 500 });
  const switchboard = createSwitchboard(pipes);
  const server = createProbeServer({
    ...{ host: '127.0.0.1', port: 0, appId: 'app-1', collector, switchboard, pipes, clock },
    isAuthorised: (token) => token === 'probe-token',
    logger: silentLogger,
    decodeLimits: { nodes: 100 },
  });
  const port = await server.listen();
  cleanUp.push(
    () => server.close(),
    () => collector.close(),
  );
  const probe = (options: Partial<ScriptedProbeOptions> = {}): ScriptedProbe => {
    const started = startProbe(port, { probeId: 'p1', ...options });
    cleanUp.push(() => started.close());
    return started;
  };
  const ids = () => [...(collector.report().topologies.get('container')?.nodes.keys() ?? [])];
  return { collector, pipes, switchboard, probe, ids };
}

const reportOf = (...ids: string[]): Report => ({
  topologies: new Map([
    [
      'container',
      {
        nodes: new Map(
          ids.map((id) => [id, observeNode(undefined, { latest: { name: id } }, Date.now(), 'p1')]),
        ),
        templates: new Map(),
      },
    ],
  ]),
});

test('a probe is greeted and its frames become the report', async () => {
  const { probe, ids, collector } = await start();
  const p1 = probe();
  p1.report(reportOf('a', 'b'), true);
  await waitFor(() => ids().length === 2, { what: 'two containers' });
  expect(p1.received[0]).toMatchObject({ case: 'welcome', value: { appId: 'app-1' } });
  p1.report(reportOf('c'), false);
  await waitFor(() => ids().length === 3, { what: 'the third container' });
  expect(collector.probes()).toMatchObject([{ id: 'p1', hostName: 'host-1', connected: true, nodes: 3 }]);
  p1.close();
  await waitFor(() => ids().length === 0, { what: 'the lost probe to be forgotten' });
});

test('what is wrong with a stream is said, and a difference out of the blue is answered with resync', async () => {
  const { probe } = await start();
  const stranger = probe({ token: 'guess' });
  await waitFor(() => stranger.failure()?.code === 16, { what: 'UNAUTHENTICATED' });
  const silent = probe({ hello: false });
  silent.report(reportOf('a'), true);
  await waitFor(() => silent.failure()?.details === 'the first message is hello', { what: 'a refusal' });
  const greedy = probe();
  greedy.report(reportOf(...Array.from({ length: 101 }, (_, index) => `c${index}`)), true);
  await waitFor(() => greedy.failure()?.code === 8, { what: 'RESOURCE_EXHAUSTED' });
  const hasty = probe({ probeId: 'p2' });
  hasty.report(reportOf('a'), false);
  await waitFor(() => hasty.received.some((message) => message.case === 'resync'), { what: 'resync' });
});

test('controls reach the probe and come back, whatever comes of them', async () => {
  const { probe, switchboard } = await start();
  const p1 = probe({
    control: ({ control }) =>
      control === 'docker_pause_container'
        ? { value: 'paused' }
        : { error: `Control "${control}" not recognised`, errorCode: 'not-found' },
  });
  await waitFor(() => switchboard.isConnected('p1'), { what: 'the probe' });
  const call = (control: string, probeId = 'p1') =>
    switchboard.call(probeId, { nodeId: 'a', control, arguments: {} }, 'me');
  await expect(call('docker_pause_container')).resolves.toEqual({ value: 'paused' });
  await expect(call('no_such_control')).rejects.toMatchObject({ code: 'not-found' });
  await expect(call('x', 'deadbeef')).rejects.toThrow('probe deadbeef is not connected right now');
  const mute = probe({ probeId: 'p2' });
  await waitFor(() => switchboard.isConnected('p2'), { what: 'the mute probe' });
  const lost = call('x', 'p2');
  await waitFor(() => mute.received.some((message) => message.case === 'controlRequest'), {
    what: 'the request',
  });
  mute.close();
  await expect(lost).rejects.toMatchObject({ code: 'outcome-unknown' });
  p1.close();
});

test('a pipe carries bytes both ways, keeps output for who comes back, and ends when nobody does', async () => {
  const { probe, switchboard, pipes } = await start();
  const p1 = probe({ control: () => ({ pipeId: 'pipe-1', rawTty: true, resizeTtyControl: 'resize' }) });
  await waitFor(() => switchboard.isConnected('p1'), { what: 'the probe' });
  const request = { nodeId: 'a', control: 'docker_exec_container', arguments: {} };
  const result = await switchboard.call('p1', request, 'me');
  expect(result).toEqual({ pipeId: 'pipe-1', rawTty: true, resizeTtyControl: 'resize' });
  p1.send({
    case: 'pipeBytes',
    value: { pipeId: 'pipe-1', bytes: Buffer.from('$ ') },
  });
  const seen: string[] = [];
  const viewer = {
    send: (bytes: Uint8Array) => seen.push(Buffer.from(bytes).toString()) > 0,
    close: (reason: string) => seen.push(`[${reason}]`),
  };
  expect(() => pipes.attach('pipe-1', viewer, 'someone else')).toThrow(/opened by someone else/);
  const end = pipes.attach('pipe-1', viewer, 'me');
  await waitFor(() => seen.join('') === '$ ', { what: 'the prompt' });
  end.write(Buffer.from('ls\n'));
  await waitFor(() => p1.received.some((message) => message.case === 'pipeBytes'), {
    what: 'what was typed',
  });
  end.detach();
  const again = pipes.attach('pipe-1', viewer, 'me');
  expect(seen.join('')).toBe('$ $ ');
  again.detach();
  await waitFor(() => p1.received.some((message) => message.case === 'pipeEnd'), { what: 'the end' });
  expect(pipes.has('pipe-1')).toBe(false);
});
