/** Probes that are killed, stopped, cut off or late: what they knew goes when its window is over, and they come back. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostFacts, hostSource, startProbe } from '@orchestrator/probe';
import { silentLogger } from '@orchestrator/runtime';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { removeFolder, startProcess, startProxy, temporaryFolder, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { probeToken, type RunningMonitor, startMonitor, viewerToken } from './monitor-fixture.ts';

const timeoutMs = 90_000;
const windowMs = 1_000;
const hourMs = 3_600_000;
const program = fileURLToPath(new URL('./probe-program.ts', import.meta.url));
const sourcesOff = ['docker', 'process', 'connection', 'plugin'].map((name) => `--no-${name}`);

let folder: string;
let monitor: RunningMonitor;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('lost-probes');
  monitor = await startMonitor({ 'collector.windowMs': windowMs });
});

afterAll(async () => {
  for (const one of undo.splice(0).reverse()) await one();
  await monitor.stop();
  await removeFolder(folder);
});

async function startDaemon(host: string, port: number) {
  const probe = await startProcess({
    command: process.execPath,
    args: [
      ...[program, `127.0.0.1:${port}`, `--host-id=${host}`, `--host-name=${host}`],
      ...['--token-env=PROBE_TOKEN', '--metrics-port=0', ...sourcesOff],
    ],
    env: { ...process.env, PROBE_TOKEN: probeToken },
    logFile: join(folder, `${host}.log`),
  });
  undo.push(async () => {
    probe.signal('SIGKILL');
    await probe.exit;
  });
  return probe;
}

/** With a clock that is hours ahead of the monitor's. */
function startSkewed(host: string): void {
  const clock: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + hourMs };
  const probe = startProbe({
    ...{ clock, probeId: host, host: hostFacts({ hostId: host, hostName: host }), sources: [hostSource()] },
    apps: [{ grpc: `127.0.0.1:${monitor.probePort}`, token: probeToken }],
    logger: silentLogger,
  });
  undo.push(() => probe.stop());
}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(`${monitor.url}${path}`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

async function hosts(): Promise<string[]> {
  const { nodes } = (await get('/api/topology/hosts')) as { nodes: Record<string, { label: string }> };
  return Object.values(nodes)
    .map(({ label }) => label)
    .sort();
}

const shows = (...names: string[]) =>
  waitFor(async () => (await hosts()).join() === names.join(), {
    what: `the hosts ${names}`,
    timeoutMs,
    intervalMs: 100,
  });

test('what a lost probe knew goes with its window, however it was lost, and comes back with it', async () => {
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: monitor.probePort } });
  undo.push(() => proxy.close());
  const killed = await startDaemon('killed', monitor.probePort);
  const paused = await startDaemon('paused', monitor.probePort);
  await startDaemon('remote', proxy.port);
  startSkewed('skewed');
  await shows('killed', 'paused', 'remote', 'skewed');

  killed.signal('SIGKILL');
  paused.signal('SIGSTOP');
  proxy.stall();
  await shows('paused', 'remote', 'skewed');
  // The streams of the others still look open; they are asked for a sign of life each ten seconds.
  await shows('skewed');

  paused.signal('SIGCONT');
  proxy.heal();
  await startDaemon('killed', monitor.probePort);
  await shows('killed', 'paused', 'remote', 'skewed');
  const probes = (await get('/api/probes')) as { id: string; clockOffsetMs: number; connected: boolean }[];
  expect(probes.filter(({ connected }) => connected)).toHaveLength(4);
  const offsets = Object.fromEntries(probes.map(({ id, clockOffsetMs }) => [id, clockOffsetMs]));
  expect(offsets).toMatchObject({ killed: 0, paused: 0, remote: 0 });
  expect(Math.abs((offsets.skewed ?? 0) + hourMs)).toBeLessThan(60_000);
});

test('measurements of a probe whose clock is off are fresh', async () => {
  const path = `/api/topology/hosts/${encodeURIComponent('skewed;<host>')}`;
  const fresh = async () => {
    const { node } = (await get(path)) as { node: { metrics: { samples: { date: string }[] }[] } };
    const last = node.metrics[0]?.samples.at(-1)?.date;
    return last !== undefined && Math.abs(Date.parse(last) - Date.now()) < 10_000;
  };
  await waitFor(fresh, { what: 'a fresh sample', timeoutMs });
});
