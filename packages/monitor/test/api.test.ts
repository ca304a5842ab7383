import { gzipSync } from 'node:zlib';
import { encodeReport, observeNode, type Report, type Template, topologyOf } from '@orchestrator/report';
import { seededRandom } from '@orchestrator/runtime';
import { waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scopeCapture } from '../test-data/fixtures.ts';
import {
  operatorToken,
  probeToken,
  type RunningMonitor,
  startMonitor,
  viewerToken,
} from './monitor-fixture.ts';
import { type ScriptedProbe, startProbe } from './scripted-probe.ts';

let monitor: RunningMonitor;
let probe: ScriptedProbe;

const id = `${'a1'.repeat(32)};<container>`;
const controls: readonly Template[] = ['stop', 'pause', 'exec'].map((name, rank) => ({
  ...{
    kind: 'control',
    id: `docker_${name}_container`,
    human: name,
    icon: 'fa',
    rank,
    confirmation: '',
    inputs: [],
  },
}));

function containerReport(state: string, timeMs: number): Report {
  const node = observeNode(
    undefined,
    {
      latest: { docker_container_name: 'web', docker_container_state: state },
      controls: ['docker_stop_container', 'docker_exec_container'],
    },
    timeMs,
    'p1',
  );
  return { topologies: new Map([['container', { ...topologyOf(controls), nodes: new Map([[id, node]]) }]]) };
}

beforeAll(async () => {
  monitor = await startMonitor();
  probe = startProbe(monitor.probePort, {
    probeId: 'p1',
    token: probeToken,
    control: ({ control }) => {
      if (control === 'docker_exec_container') return { pipeId: 'pipe-7', rawTty: true };
      if (control === 'docker_stop_container') return {};
      return { error: `Control "${control}" not recognised`, errorCode: 'not-found' };
    },
  });
  probe.report(containerReport('running', Date.now()), true);
  await waitFor(async () => Object.keys((await get('/api/topology/containers')).nodes).length === 1, {
    what: 'the container',
  });
});

afterAll(async () => {
  probe.close();
  await monitor.stop();
});

async function call(method: string, path: string, body?: unknown, token = operatorToken) {
  const response = await fetch(`${monitor.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const get = async (path: string) => (await call('GET', path)).body;
const keysOf = (value: unknown) => Object.keys(value as object).sort();

test('GET /api, /api/probes and /api/topology have the members that Scope gives them', async () => {
  const about = await get('/api');
  expect(keysOf(about)).toEqual(expect.arrayContaining(keysOf(scopeCapture('api'))));
  expect(about.probeService).toMatchObject({ host: '127.0.0.1', tls: false });
  expect(about.probeService.port).toBeGreaterThan(0);
  const [captured] = scopeCapture('probes') as object[];
  const [mine] = await get('/api/probes');
  expect(keysOf(mine)).toEqual(expect.arrayContaining(keysOf(captured)));
  expect(await get('/api/probes?sparse=true')).toBe(true);
  const views = await get('/api/topology');
  const scopeViews = scopeCapture('topologies') as Record<string, unknown>[];
  for (const view of scopeViews) {
    const same = views.find((mineOf: { url: string }) => mineOf.url === view.url);
    expect(keysOf(same)).toEqual(keysOf(view));
    const { stats: _stats, sub_topologies: _below, ...told } = same;
    const { stats: _scopeStats, sub_topologies: _scopeBelow, ...expected } = view;
    expect(told).toEqual(expected);
  }
  expect(views.find((view: { name: string }) => view.name === 'Containers').stats.node_count).toBe(1);
});

test('views by path and by parameter are the same; unknown ones and nodes are 404', async () => {
  const byPath = await get('/api/topology/containers?stopped=both');
  expect(await get('/api/topology?view=containers&stopped=both')).toEqual(byPath);
  expect(byPath.nodes[id]).toMatchObject({ id, label: 'web', shape: 'hexagon' });
  expect((await get('/api/topology/containers?query=state%3Drunning')).nodes).toHaveProperty([id]);
  expect((await get('/api/topology/containers?query=nothing')).nodes).toEqual({});
  const detail = await get(`/api/topology/containers/${encodeURIComponent(id)}`);
  expect(detail.node.controls).toMatchObject([
    { probeId: 'p1', nodeId: id, id: 'docker_stop_container', human: 'stop' },
    { id: 'docker_exec_container' },
  ]);
  expect((await call('GET', '/api/topology/nonsense')).status).toBe(404);
  expect((await call('GET', '/api/topology/containers/nonsense')).status).toBe(404);
  const bad = await call('GET', '/api/topology/containers?query=cpu%3E');
  expect(bad).toMatchObject({ status: 400, body: { message: expect.stringContaining('at character 5') } });
});

test('saved views are there for who saved them, whatever they are called', async () => {
  const path = `/api/saved-views/${encodeURIComponent('front / slow?')}`;
  const address = '/topology/containers?q=cpu%3E50%25';
  expect((await call('PUT', path, { address })).status).toBe(204);
  expect(await get('/api/saved-views')).toEqual([{ name: 'front / slow?', address }]);
  expect((await call('GET', '/api/saved-views', undefined, viewerToken)).body).toEqual([]);
  expect((await call('PUT', path, { address: 'https://elsewhere.example' })).status).toBe(400);
  expect((await call('DELETE', path, undefined, viewerToken)).status).toBe(404);
  await call('DELETE', path);
  expect(await get('/api/saved-views')).toEqual([]);
});

interface Frame {
  add: { id: string }[] | null;
  update: { id: string }[] | null;
  remove: string[] | null;
  reset?: boolean;
}

function follow(path: string): { frames: Frame[]; closed: () => number | undefined; close: () => void } {
  const frames: Frame[] = [];
  let code: number | undefined;
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}${path}`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data))));
  socket.addEventListener('close', (event) => {
    code = event.code;
  });
  return { frames, closed: () => code, close: () => socket.close() };
}

test('a client that follows a view gets all of it, then what differs, and nothing for what does not', async () => {
  const client = follow('/api/topology/containers/ws?t=250ms');
  await waitFor(() => client.frames.length === 1, { what: 'the first frame' });
  expect(client.frames[0]).toMatchObject({ add: [{ id }], update: null, remove: null, reset: true });
  const other = `${'b2'.repeat(32)};<container>`;
  const before = containerReport('running', Date.now());
  const node = before.topologies.get('container')!.nodes.get(id)!;
  const more: Report = {
    topologies: new Map([['container', { nodes: new Map([[other, node]]), templates: new Map() }]]),
  };
  probe.report(more, false);
  await waitFor(() => client.frames.length === 2, { what: 'the second frame' });
  const captured = scopeCapture('frames') as { frame: Frame }[];
  expect(keysOf(client.frames[1])).toEqual(keysOf(captured[0]!.frame));
  expect(client.frames[1]).toMatchObject({ add: [{ id: other }], update: null, remove: null });
  const gone = { ...node, bornMs: 1, removedMs: Date.now() + 1, latest: new Map(), controls: new Map() };
  probe.report(
    { topologies: new Map([['container', { nodes: new Map([[other, gone]]), templates: new Map() }]]) },
    false,
  );
  await waitFor(() => client.frames.length === 3, { what: 'the third frame' });
  expect(client.frames[2]).toEqual({ add: null, update: null, remove: [other] });
  client.close();
  const refused = follow('/api/topology/nonsense/ws');
  await waitFor(() => refused.closed() === 1008, { what: 'a refusal' });
});

test('controls answer as Scope does, by its path and the short ones, and on many at once', async () => {
  const path = `/api/control/p1/${encodeURIComponent(id)}`;
  expect(await call('POST', `${path}/docker_stop_container`)).toEqual({ status: 200, body: {} });
  const unknown = await call('POST', `${path}/no_such_control`);
  expect(unknown).toMatchObject({
    status: 404,
    body: { message: 'Control "no_such_control" not recognised' },
  });
  const gone = await call('POST', `/api/control/deadbeef/${encodeURIComponent(id)}/docker_stop_container`);
  expect(gone.body.message).toBe('probe deadbeef is not connected right now');
  expect(await call('POST', '/api/containers/web/stop')).toEqual({ status: 200, body: {} });
  expect((await call('POST', '/api/containers/a1a1a1a1/stop')).status).toBe(200);
  expect((await call('POST', '/api/containers/nobody/stop')).status).toBe(404);
  const many = await call('POST', '/api/controls', {
    control: 'docker_stop_container',
    nodes: [{ id }, { id: 'gone;<container>' }],
  });
  expect(many.body.results).toEqual([
    { node: id, ok: true, answer: {} },
    { node: 'gone;<container>', ok: false, code: 'not-found', message: expect.any(String) },
  ]);
});

test('nobody acts without the right, and everything is audited', async () => {
  const stop = `/api/control/p1/${encodeURIComponent(id)}/docker_stop_container`;
  expect((await call('POST', stop, undefined, viewerToken)).status).toBe(403);
  expect((await call('POST', stop, undefined, 'guess')).status).toBe(401);
  expect((await call('POST', `/api/control/p1/${encodeURIComponent(id)}/host_exec`)).body.message).toMatch(
    /turned off/,
  );
  const { entries } = await get('/api/audit?limit=3');
  expect(entries).toMatchObject([
    { principal: 'op', action: 'host_exec', outcome: expect.stringContaining('forbidden') },
    { principal: 'eye', action: 'docker_stop_container', outcome: expect.stringContaining('forbidden') },
    { principal: 'op', action: 'docker_stop_container', target: 'gone;<container>' },
  ]);
  const foreign = await fetch(`${monitor.url}${stop}`, {
    method: 'POST',
    headers: { cookie: monitor.admin, origin: 'https://elsewhere.example' },
  });
  expect(foreign.status).toBe(403);
});

test('exec gives a pipe, which only its opener can look into', async () => {
  const { body } = await call('POST', '/api/containers/web/exec');
  expect(body).toEqual({ pipe: 'pipe-7', raw_tty: true });
  expect((await call('GET', '/api/pipe/pipe-7/check')).status).toBe(204);
  expect((await call('GET', '/api/pipe/unknown/check')).status).toBe(404);
  const stranger = follow('/api/pipe/pipe-7');
  await waitFor(() => stranger.closed() === 1008, { what: 'a refusal' });
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/pipe/pipe-7`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  socket.binaryType = 'arraybuffer';
  const seen: string[] = [];
  socket.addEventListener('message', ({ data }) => seen.push(Buffer.from(data as ArrayBuffer).toString()));
  socket.addEventListener('open', () => socket.send('echo hi\n'));
  const typed = await waitFor(() => probe.received.find((message) => message.case === 'pipeBytes'), {
    what: 'typing',
  });
  expect(Buffer.from((typed.value as { bytes: Uint8Array }).bytes).toString()).toBe('echo hi\n');
  probe.send({ case: 'pipeBytes', value: { pipeId: 'pipe-7', bytes: Buffer.from('hi') } });
  await waitFor(() => seen.join('') === 'hi', { what: 'the echo' });
  expect((await call('DELETE', '/api/pipe/pipe-7')).status).toBe(204);
  await waitFor(() => probe.received.some((message) => message.case === 'pipeEnd'), { what: 'the end' });
});

test('reports come in by POST too: frames, and in the JSON of Scope, zipped or not', async () => {
  const post = (body: Uint8Array | string, headers: Record<string, string>, token = probeToken) =>
    fetch(`${monitor.url}/api/report`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: body as string,
    });
  const json = JSON.stringify(scopeCapture('report'));
  const asJson = { 'content-type': 'application/json' };
  expect((await post(json, asJson, operatorToken)).status).toBe(401);
  expect((await post('{', asJson)).status).toBe(400);
  expect((await post(json, { 'content-type': 'text/csv' })).status).toBe(400);
  const zipped = { ...asJson, 'content-encoding': 'gzip', authorization: `Scope-Probe token=${probeToken}` };
  expect((await post(gzipSync(json), { ...zipped, 'x-scope-probe-id': 'scope-1' })).status).toBe(200);
  const bomb = gzipSync(Buffer.alloc(40 * 2 ** 20));
  expect((await post(bomb, { ...asJson, 'content-encoding': 'gzip' })).status).toBe(413);
  expect(await get('/api/topology/hosts')).toMatchObject({ nodes: { 'vm;<host>': { label: 'vm' } } });
  const frame = { 'content-type': 'application/x-protobuf' };
  const report = containerReport('running', Date.now());
  const delta = encodeReport({ probeId: 'p9', full: false, report });
  expect((await post(delta, frame)).status).toBe(409);
  expect((await post(encodeReport({ probeId: 'p9', full: true, report }), frame)).status).toBe(200);
  expect((await post(delta, frame)).status).toBe(200);
  const ids = (await get('/api/probes')).map((known: { id: string }) => known.id).sort();
  expect(ids).toEqual(['p1', 'p9', 'scope-1']);
  const whole = await get('/api/report');
  expect(keysOf(whole)).toEqual(expect.arrayContaining(['Container', 'Host', 'Process', 'TS']));
  expect(whole.Container.nodes).toHaveProperty([id]);
});

test('labels are given to many nodes at once, kept here, found by queries, and taken away', async () => {
  const label = (body: object, token = operatorToken) => call('POST', '/api/labels', body, token);
  expect((await label({ nodes: [id], set: { tier: 'front' } }, viewerToken)).status).toBe(403);
  expect((await label({ nodes: ['gone'], set: { tier: 'front' } })).status).toBe(404);
  expect((await label({ nodes: [id], set: { tier: 'front', team: 'a' } })).status).toBe(204);
  const found = await get('/api/topology/containers?query=label.tier%3Dfront');
  expect(found.nodes[id].tables.at(-1)).toMatchObject({
    label: 'Labels given here',
    rows: [{ id: 'label_team' }, {}],
  });
  expect(keysOf((await get('/api/topology/containers?group=label.tier')).nodes)).toContain(
    'tier=front;<label>',
  );
  expect((await get(`/api/topology/containers/${encodeURIComponent(id)}`)).node.controls[0].probeId).toBe(
    'p1',
  );
  expect((await label({ nodes: [id], remove: ['tier'] })).status).toBe(204);
  expect((await get('/api/topology/containers?query=label.tier%3Dfront')).nodes).toEqual({});
  expect((await get('/api/probes')).map((known: { id: string }) => known.id)).not.toContain('labels');
});

test('broken reports are refused, whatever is broken about them, and change nothing', async () => {
  const random = seededRandom(7);
  const good = encodeReport({
    probeId: 'broken',
    full: true,
    report: containerReport('running', Date.now()),
  });
  for (let round = 0; round < 60; round++) {
    const bytes = Buffer.from(good).subarray(0, 1 + random.below(good.length - 1));
    for (let hits = 0; hits < 4; hits++) bytes[random.below(bytes.length)] = random.below(256);
    const { status } = await fetch(`${monitor.url}/api/report`, {
      method: 'POST',
      headers: { authorization: `Bearer ${probeToken}`, 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(bytes),
    });
    expect([200, 400, 409, 413]).toContain(status);
  }
  // Those that have reported by POST may be forgotten meanwhile.
  expect((await get('/api/probes')).map(({ id: probeId }: { id: string }) => probeId)).toContain('p1');
  expect((await get('/api/topology/containers')).nodes).toHaveProperty([id]);
});

test('what a container calls itself is text and nothing else', async () => {
  const name = '</script><img src=x onerror=alert(1)>"\u2028';
  const node = observeNode(
    undefined,
    { latest: { docker_container_name: name, __proto__x: 'a' } },
    Date.now(),
    'p1',
  );
  const hostile = '__proto__';
  const nodes = new Map([[hostile, node]]);
  probe.report({ topologies: new Map([['container', { nodes, templates: new Map() }]]) }, false);
  const response = await waitFor(
    async () => {
      const answer = await fetch(`${monitor.url}/api/topology/containers?stopped=both`, {
        headers: { authorization: `Bearer ${viewerToken}` },
      });
      const text = await answer.text();
      return text.includes('onerror') ? { type: answer.headers.get('content-type'), text } : undefined;
    },
    { what: 'the hostile container' },
  );
  expect(response.type).toBe('application/json; charset=utf-8');
  const entries = Object.entries(JSON.parse(response.text).nodes) as [string, { label: string }][];
  expect(entries.find(([key]) => key === hostile)?.[1].label).toBe(name);
  const gone = { ...node, bornMs: 1, removedMs: Date.now() + 1, latest: new Map() };
  probe.report(
    { topologies: new Map([['container', { nodes: new Map([[hostile, gone]]), templates: new Map() }]]) },
    false,
  );
});

test('accounts: the first administrator makes others, who log in and out', async () => {
  const asAdmin = (method: string, path: string, body?: unknown) =>
    fetch(`${monitor.url}${path}`, {
      method,
      headers: {
        cookie: monitor.admin,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const login = (password: string) =>
    fetch(`${monitor.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'olga', password }),
    });
  expect(await (await asAdmin('GET', '/api/me')).json()).toEqual({ name: 'admin', role: 'admin' });
  expect((await asAdmin('PUT', '/api/accounts/olga', { role: 'viewer', password: 'short' })).status).toBe(
    400,
  );
  const secret = 'correct horse battery';
  expect((await asAdmin('PUT', '/api/accounts/olga', { role: 'viewer', password: secret })).status).toBe(204);
  expect((await login('wrong password')).status).toBe(401);
  const answer = await login(secret);
  const cookie = answer.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
  const asOlga = (method: string, path: string) =>
    fetch(`${monitor.url}${path}`, { method, headers: { cookie: cookie.split(';')[0] ?? '' } });
  expect((await asOlga('GET', '/api/topology')).status).toBe(200);
  expect((await asOlga('GET', '/api/accounts')).status).toBe(403);
  expect((await asOlga('POST', '/api/logout')).status).toBe(204);
  expect((await asOlga('GET', '/api/me')).status).toBe(401);
  expect((await asAdmin('DELETE', '/api/accounts/admin')).status).toBe(412);
  const audit = JSON.stringify(await get('/api/audit'));
  expect(audit).toContain('account.put');
  expect(audit).not.toContain(secret);
});

test('the past is looked at by time, and the monitor measures itself', async () => {
  const { timesMs } = await get('/api/history/pictures');
  expect(timesMs.length).toBeGreaterThan(0);
  const past = await get(`/api/topology/containers?timestamp=${new Date().toISOString()}`);
  expect(past).toHaveProperty('nodes');
  expect((await call('GET', '/api/topology/containers?timestamp=2001-01-01T00:00:00Z')).status).toBe(404);
  expect((await call('GET', '/api/topology/containers?timestamp=yesterday')).status).toBe(400);
  const line = await get(`/api/history/metrics?node=${encodeURIComponent(id)}&metric=cpu`);
  expect(line).toEqual({ resolutionMs: 600_000, points: [] });
  const metrics = await fetch(`${monitor.url}/metrics`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  expect(await metrics.text()).toMatch(/scope_containers \d/);
});

test('what must not be started is not: open access, missing tokens, files that are not there', async () => {
  await expect(startMonitor({ 'probes.host': '0.0.0.0', 'probes.tokens': [] })).rejects.toThrow(
    /no token for them/,
  );
  await expect(startMonitor({ 'auth.mode': 'off', 'http.host': '0.0.0.0' })).rejects.toThrow(
    /authentication is off/,
  );
  await expect(startMonitor({ 'probes.tokens': [{ env: 'MISSING' }] })).rejects.toThrow(
    /MISSING is empty or not set/,
  );
});
