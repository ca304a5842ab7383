/**
 * Scope's REST surface, answered of real containers that a real probe sees: whatever member the captures of Scope have, ours have too,
 * and of the same type.
 */
import {
  dockerSource,
  hostFacts,
  hostSource,
  type Probe,
  processSource,
  startProbe,
} from '@orchestrator/probe';
import { silentLogger } from '@orchestrator/runtime';
import { busyboxImage, type DockerEngine, runCommand, startDocker, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureNodes, scopeCapture } from '../test-data/fixtures.ts';
import { operatorToken, probeToken, type RunningMonitor, startMonitor } from './monitor-fixture.ts';

const timeoutMs = 60_000;

let engine: DockerEngine;
let monitor: RunningMonitor;
let probe: Probe;
let containerId: string;

beforeAll(async () => {
  engine = await startDocker();
  monitor = await startMonitor();
  probe = startProbe({
    sources: [
      hostSource(),
      processSource({ everyMs: 500, minAgeMs: 200 }),
      dockerSource({ socketPath: engine.socketPath, metricsEveryMs: 500 }),
    ],
    host: hostFacts({ hostId: 'vm', hostName: 'vm' }),
    apps: [{ grpc: `127.0.0.1:${monitor.probePort}`, token: probeToken }],
    logger: silentLogger,
  });
  const named = ['--name', 'web', '--hostname', 'web', '--label', 'tier=front', '--env', 'COLOR=blue'];
  const image = await busyboxImage(engine);
  const script = 'trap exit TERM; while :; do sleep 0.1; done';
  const run = ['--host', engine.dockerHost, 'run', '--detach', ...named, image, 'sh', '-c', script];
  containerId = (await runCommand('docker', run)).stdout.trim();
  await waitFor(
    async () => {
      const { node } = (await ask('GET', `/api/topology/containers/${containerId}%3B%3Ccontainer%3E`)).body;
      return (node?.metrics?.length ?? 0) > 1 && node.children?.length > 0;
    },
    { what: 'the container with its usage and its processes', timeoutMs },
  );
});

afterAll(async () => {
  await probe?.stop();
  await monitor?.stop();
  await engine?.close();
});

async function ask(method: string, path: string) {
  const answer = await fetch(`${monitor.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
}

const typeOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

/** Objects whose members are named after what they are about. */
const isTable = (path: string) => /(\.nodes|\.entries)$/.test(path);

/** Each member of a value with its types, by its path. */
function membersOf(value: unknown, path = '', found = new Map<string, Set<string>>()) {
  const types = found.get(path) ?? new Set<string>();
  found.set(path, types.add(typeOf(value)));
  if (Array.isArray(value)) for (const item of value) membersOf(item, `${path}[]`, found);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      membersOf(member, isTable(path) ? `${path}.*` : `${path}.${key}`, found);
    }
  }
  return found;
}

/** What Scope's answer has and ours has not, or has as something else. */
function lacking(scope: unknown, ours: unknown): string[] {
  const members = membersOf(ours);
  return [...membersOf(scope)].flatMap(([path, types]) => {
    const mine = members.get(path);
    if (mine === undefined) return [path];
    const fits = [...mine].some((type) => types.has(type)) || types.has('null') || mine.has('null');
    return fits ? [] : [`${path}: ${[...mine]} instead of ${[...types]}`];
  });
}

/** Nothing is connected here: the source of connections is off. And shells on hosts are. */
const ofConnections = /\.adjacency|\.pseudo|\.stack|\.connections\[\]\.connections/;
const ofHostShells = /^\.node\.controls\[\]/;

test.each([
  'containers',
  'containers-by-image',
  'containers-by-hostname',
  'hosts',
  'processes',
  'processes-by-name',
])('the view %s has all members', async (view) => {
  const { body } = await ask('GET', `/api/topology/${view}`);
  const missing = lacking({ nodes: captureNodes(view) }, body);
  expect(missing.filter((path) => !ofConnections.test(path))).toEqual([]);
});

test.each([
  ['container', () => `/api/topology/containers/${containerId}%3B%3Ccontainer%3E`],
  ['host', () => '/api/topology/hosts/vm%3B%3Chost%3E'],
])('the details of a %s have all members', async (kind, path) => {
  const { body } = await ask('GET', path());
  const missing = lacking(scopeCapture(`detail-${kind}`), body);
  const isExpected = (member: string) => kind === 'host' && ofHostShells.test(member);
  expect(missing.filter((member) => !ofConnections.test(member) && !isExpected(member))).toEqual([]);
});

test('nodes of the report have all members', async () => {
  const { body } = await ask('GET', '/api/report');
  const scope = scopeCapture('report') as Record<string, { nodes: Record<string, object> }>;
  const nodes = (report: typeof scope, topology: string) => Object.values(report[topology]?.nodes ?? {});
  for (const topology of ['Container', 'Host', 'Process']) {
    const keys = (report: typeof scope) =>
      new Set(nodes(report, topology).flatMap((node) => Object.keys(node)));
    const ours = keys(body);
    expect([...keys(scope)].filter((key) => !ours.has(key) && key !== 'adjacency')).toEqual([]);
  }
});

test('controls by their short paths do what they say', async () => {
  const state = async () => {
    const { nodes } = (await ask('GET', '/api/topology?view=containers')).body;
    const rows: { id: string; value: string }[] = nodes[`${containerId};<container>`]?.metadata ?? [];
    return rows.find(({ id }) => id === 'docker_container_state')?.value;
  };
  const until = (wanted: string) =>
    waitFor(async () => (await state()) === wanted, { what: `it to be ${wanted}`, timeoutMs });
  const path = `/api/containers/${containerId.slice(0, 12)}`;
  for (const [action, wanted] of [
    ['pause', 'paused'],
    ['unpause', 'running'],
    ['stop', 'exited'],
    ['start', 'running'],
    ['restart', 'running'],
  ] as const) {
    expect(await ask('POST', `${path}/${action}`), action).toEqual({ status: 200, body: {} });
    await until(wanted);
  }
  // Last: an engine may answer nothing more about a container that is paused while a shell in it ends.
  const shell = await ask('POST', `${path}/exec`);
  expect(shell).toMatchObject({ status: 200, body: { pipe: expect.any(String), raw_tty: true } });
  expect((await ask('DELETE', `/api/pipe/${shell.body.pipe}`)).status).toBe(204);
});
