import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, get } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { type Identity, testCertificates } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import {
  createHttpServer,
  createMetrics,
  type HttpServer,
  type HttpServerOptions,
  OrchestratorError,
  silentLogger,
} from '../src/index.ts';

let server: HttpServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const auth = {
  tokens: [
    { name: 'reader', token: 'view-token', role: 'viewer' as const },
    { name: 'boss', token: 'admin-token', role: 'admin' as const },
  ],
  users: [{ name: 'olga', password: 'pa:ss', role: 'operator' as const }],
};

async function start(
  options: Partial<HttpServerOptions> = {},
  prepare?: (made: HttpServer) => void,
): Promise<string> {
  server = await createHttpServer({ logger: silentLogger, auth: 'off', ...options });
  addRoutes(server);
  prepare?.(server);
  return server.listen();
}

function addRoutes(made: HttpServer): void {
  made.route({
    method: 'POST',
    path: '/api/v1/migrations/:id/advance',
    role: 'operator',
    summary: 'Go on to the next phase',
    schemas: {
      params: z.object({ id: z.string().regex(/^m\d+$/) }),
      query: z.object({ wait: z.coerce.number().optional() }),
      body: z.object({ phase: z.int().min(1).max(6), password: z.string().min(3).optional() }),
      response: z.object({ id: z.string(), phase: z.number() }),
    },
    handle: ({ params, body, query, principal }) => ({
      id: params.id,
      phase: body.phase,
      wait: query.wait,
      by: principal.name,
    }),
  });
  const failures: Record<string, () => unknown> = {
    conflict: () => {
      throw new OrchestratorError('m1 is paused', { code: 'conflict', remedy: 'resume it' });
    },
    bug: () => {
      throw new Error('secret detail');
    },
    nothing: () => undefined,
  };
  made.route({
    method: 'GET',
    path: '/fail/:how',
    role: 'viewer',
    schemas: { params: z.object({ how: z.string() }) },
    handle: ({ params }) => failures[params.how]?.(),
  });
  made.webSocket({
    path: '/events',
    role: 'viewer',
    handle: (socket, { principal }) => {
      socket.send(`hello ${principal.name}`);
      socket.on('message', (data) => socket.send(String(data).toUpperCase()));
    },
  });
}

const advance = (base: string, init: RequestInit & { path?: string } = {}) =>
  fetch(`${base}${init.path ?? '/api/v1/migrations/m1/advance?wait=5'}`, {
    method: 'POST',
    body: JSON.stringify({ phase: 2 }),
    ...init,
    headers: { 'content-type': 'application/json', ...(init.headers as Record<string, string>) },
  });

const jsonOf = async (answer: Response) => JSON.parse(await answer.text());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

test('parses and types what a request carries', async () => {
  const base = await start();
  expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const answer = await advance(base);
  expect(answer.status).toBe(200);
  expect(await jsonOf(answer)).toEqual({ id: 'm1', phase: 2, wait: 5, by: 'anonymous' });
  expect((await fetch(`${base}/fail/nothing`)).status).toBe(204);
});

test('a request that does not fit names every field, its value and what was expected', async () => {
  const base = await start();
  const answer = await advance(base, { body: JSON.stringify({ phase: 9, password: 'x' }) });
  expect(answer.status).toBe(400);
  const body = await jsonOf(answer);
  expect(body).toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('body.phase: 9: '),
    remedy: expect.stringContaining('correct'),
  });
  expect(
    body.problems.map((problem: { field: string; value: string }) => [problem.field, problem.value]),
  ).toEqual([
    ['body.phase', '9'],
    ['body.password', '***'],
  ]);
  const path = await advance(base, { path: '/api/v1/migrations/zzz/advance' });
  expect((await jsonOf(path)).message).toContain('path.id: "zzz"');
  const broken = await advance(base, { body: '{"phase":' });
  expect([broken.status, (await jsonOf(broken)).code]).toEqual([400, 'invalid']);
});

test('errors become answers by the table, defects stay inside', async () => {
  const base = await start();
  const conflict = await fetch(`${base}/fail/conflict`);
  expect(conflict.status).toBe(409);
  expect(await jsonOf(conflict)).toEqual({ code: 'conflict', message: 'm1 is paused', remedy: 'resume it' });
  const bug = await fetch(`${base}/fail/bug`);
  expect(bug.status).toBe(500);
  expect(await bug.text()).not.toContain('secret detail');
  const none = await fetch(`${base}/none`);
  expect([none.status, (await jsonOf(none)).code]).toEqual([404, 'not-found']);
  const large = await advance(base, { body: JSON.stringify({ phase: 1, note: 'x'.repeat(1024 * 1024) }) });
  expect([large.status, (await jsonOf(large)).code]).toEqual([413, 'limit']);
});

test('tokens and users are told apart, roles are enforced', async () => {
  const base = await start({ auth });
  const statuses = async (headers: Record<string, string>) => [
    (await fetch(`${base}/fail/nothing`, { headers })).status,
    (await advance(base, { headers })).status,
  ];
  expect(await statuses({})).toEqual([401, 401]);
  expect(await statuses(bearer('wrong'))).toEqual([401, 401]);
  expect(await statuses(bearer(''))).toEqual([401, 401]);
  expect(await statuses(basic('olga:wrong'))).toEqual([401, 401]);
  expect(await statuses(bearer('view-token'))).toEqual([204, 403]);
  expect(await statuses(basic('olga:pa:ss'))).toEqual([204, 200]);
  expect(await statuses(bearer('admin-token'))).toEqual([204, 200]);
  expect((await fetch(`${base}/fail/nothing`)).headers.get('www-authenticate')).toContain('Basic');
  expect((await fetch(`${base}/no-such-path`)).status).toBe(401);
});

test('authentication must be on where other machines can reach', async () => {
  const open = { host: '0.0.0.0', auth: 'off', logger: silentLogger } as const;
  await expect(createHttpServer(open)).rejects.toMatchObject({ code: 'config' });
  await (await createHttpServer({ ...open, allowOpenAccess: true })).close();
  await expect(createHttpServer({ logger: silentLogger, auth: {} })).rejects.toThrow('no token');
  const empty = { tokens: [{ name: 'x', token: '', role: 'viewer' as const }] };
  await expect(createHttpServer({ logger: silentLogger, auth: empty })).rejects.toThrow('is empty');
});

test('pages of other origins, and names that point here, are refused', async () => {
  const base = await start({ allowedOrigins: ['https://console.example'] });
  const from = async (origin: string) => (await advance(base, { headers: { origin } })).status;
  expect(await from('https://evil.example')).toBe(403);
  expect(await from('null')).toBe(403);
  expect(await from('https://console.example')).toBe(200);
  expect(await from(base)).toBe(200);
  const rebound = plainRequest(`${base}/healthz`, { headers: { host: 'evil.example' } }).end();
  const [response] = await once(rebound, 'response');
  expect(response.statusCode).toBe(403);
  response.resume();
});

test('health and metrics are served', async () => {
  let problem: string | undefined;
  const metrics = createMetrics();
  const base = await start({ auth, metrics, health: () => problem });
  expect(await (await fetch(`${base}/healthz`)).json()).toEqual({ status: 'ok' });
  problem = 'store unreachable';
  expect((await fetch(`${base}/healthz`)).status).toBe(503);
  expect((await fetch(`${base}/metrics`)).status).toBe(401);
  const scraped = await fetch(`${base}/metrics`, { headers: bearer('view-token') });
  expect(await scraped.text()).toContain('process_cpu_seconds_total');
});

test('an OpenAPI document tells of the routes', async () => {
  const base = await start({ auth, openApi: { path: '/api/v1/openapi.json', title: 'Test', version: '1' } });
  const document = await jsonOf(await fetch(`${base}/api/v1/openapi.json`));
  expect(Object.keys(document.paths)).toEqual(['/api/v1/migrations/{id}/advance', '/fail/{how}']);
  const { post } = document.paths['/api/v1/migrations/{id}/advance'];
  expect(post.requestBody.content['application/json'].schema).toMatchObject({
    properties: { phase: { type: 'integer', minimum: 1, maximum: 6 } },
    required: ['phase'],
  });
  expect(
    post.parameters.map((parameter: { name: string; in: string }) => `${parameter.in} ${parameter.name}`),
  ).toEqual(['query wait', 'path id']);
  expect(post.security).toEqual([{ bearer: [] }, { basic: [] }]);
  expect(Object.keys(post.responses)).toEqual(['2XX', 'default']);
});

test('WebSockets want credentials and a known origin, and are closed with the server', async () => {
  const base = (await start({ auth })).replace('http', 'ws');
  const refused = async (options: object) => {
    const socket = new WebSocket(`${base}/events`, options);
    const [error] = await once(socket, 'error');
    return (error as Error).message;
  };
  expect(await refused({})).toContain('401');
  expect(await refused({ headers: bearer('view-token'), origin: 'https://evil.example' })).toContain('403');
  const socket = new WebSocket(`${base}/events`, {
    headers: bearer('view-token'),
    origin: base.replace('ws', 'http'),
  });
  expect(String((await once(socket, 'message'))[0])).toBe('hello reader');
  socket.send('abc');
  expect(String((await once(socket, 'message'))[0])).toBe('ABC');
  const closed = once(socket, 'close');
  await server?.close();
  expect((await closed)[0]).toBe(1001);
});

test('a message over the limit closes its WebSocket', async () => {
  const base = (await start({ webSocketLimitBytes: 100 })).replace('http', 'ws');
  const socket = new WebSocket(`${base}/events`);
  await once(socket, 'message');
  socket.send('x'.repeat(101));
  expect((await once(socket, 'close'))[0]).toBe(1009);
});

test('close lets a running request end, and the handler of one that was given up is told', async () => {
  let finish: (() => void) | undefined;
  let gone = false;
  const base = await start({}, (made) =>
    made.route({
      method: 'GET',
      path: '/slow',
      role: 'viewer',
      handle: async ({ signal }) => {
        signal.addEventListener('abort', () => {
          gone = true;
        });
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { done: true };
      },
    }),
  );
  const abort = new AbortController();
  const givenUp = expect(fetch(`${base}/slow`, { signal: abort.signal })).rejects.toThrow();
  while (finish === undefined) await pause(5);
  abort.abort();
  await givenUp;
  while (!gone) await pause(5);
  finish();
  finish = undefined;
  const running = fetch(`${base}/slow`);
  while (finish === undefined) await pause(5);
  const closing = server?.close();
  await pause(20);
  (finish as () => void)();
  expect(await (await running).json()).toEqual({ done: true });
  await closing;
});

test('over TLS, a verified client certificate is a principal, a foreign one is nobody', async () => {
  const { caFile, server: own, client, stranger } = await testCertificates();
  const [ca, cert, key] = [caFile, own.certificateFile, own.keyFile].map((file) => readFileSync(file)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const certificates = [{ name: 'client', role: 'operator' as const }];
  const base = await start({
    auth: { ...auth, certificates },
    tls: { cert, key, ca, clientCertificate: 'request' },
  });
  expect(base).toMatch(/^https:/);
  const ask = async (identity?: Identity): Promise<number | undefined> => {
    const files = identity && {
      cert: readFileSync(identity.certificateFile),
      key: readFileSync(identity.keyFile),
    };
    const agent = new Agent({ ca, ...files });
    const [response] = await once(get(`${base}/fail/nothing`, { agent }), 'response');
    response.resume();
    agent.destroy();
    return response.statusCode;
  };
  expect(await ask(client)).toBe(204);
  expect(await ask(stranger)).toBe(401);
  expect(await ask()).toBe(401);
});

test('people who have logged in are known by what the program makes of their request', async () => {
  const sessions = (request: { headers: { cookie?: string | undefined } }) =>
    request.headers.cookie === 'who=olga' ? { name: 'olga', role: 'admin' as const } : undefined;
  const url = await start({ auth: { sessions } }, (made) => {
    made.route({ method: 'GET', path: '/me', role: 'admin', handle: ({ principal }) => principal });
  });
  expect((await fetch(`${url}/me`)).status).toBe(401);
  const answer = await fetch(`${url}/me`, { headers: { cookie: 'who=olga' } });
  expect(await answer.json()).toEqual({ name: 'olga', role: 'admin' });
});
