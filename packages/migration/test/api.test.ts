import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '@orchestrator/store';
import { temporaryFolder, waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createMigrationServer,
  definePhase,
  type MigrationContext,
  type MigrationServer,
} from '../src/index.ts';

let folder: string;
let store: Store;
let server: MigrationServer;
let base: string;

const tokens = { v: 'viewer', o: 'operator', a: 'admin' } as const;
/** Holds the second phase until the test lets it go on. */
let gate = Promise.withResolvers<void>();

const step = (name: string, run: (ctx: MigrationContext) => Promise<void> = async () => undefined) => ({
  name,
  run,
  undo: async () => undefined,
});

const held = (ctx: MigrationContext) =>
  new Promise<void>((resolve, reject) => {
    ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason), { once: true });
    gate.promise.then(resolve);
  });

beforeAll(async () => {
  folder = await temporaryFolder('api');
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  server = await createMigrationServer({
    store,
    workFolder: join(folder, 'work'),
    instance: 'one',
    version: '1.2.3',
    phases: {
      phases: [
        definePhase<MigrationContext>({ number: 1, name: 'one', steps: [step('a')] }),
        definePhase<MigrationContext>({ number: 6, name: 'six', steps: [step('b', held)] }),
      ],
      origin: [],
    },
    http: {
      auth: {
        tokens: Object.entries(tokens).map(([token, role]) => ({ token: token.repeat(8), name: role, role })),
      },
    },
  });
  base = await server.start();
});

afterAll(async () => {
  await server.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function call(token: keyof typeof tokens, method: string, path: string, body?: unknown) {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token.repeat(8)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

const plan = { source_zk: '127.0.0.1:1', target_zk: '127.0.0.1:2', config: { name: 'move' } };

async function create(): Promise<string> {
  const { status, body } = await call('a', 'POST', '/api/v1/migrations', plan);
  expect(status).toBe(201);
  return body.id;
}

const until = (id: string, status: string) =>
  waitFor(
    async () => {
      const { body } = await call('v', 'GET', `/api/v1/migrations/${id}`);
      return body.status === status ? body : undefined;
    },
    { what: `status ${status}`, intervalMs: 20 },
  );

test('the documented paths lead through a migration and back', async () => {
  const id = await create();
  const path = `/api/v1/migrations/${id}`;
  expect((await call('o', 'POST', `${path}/start`)).body).toMatchObject({ status: 'running', phase: 1 });
  expect(await until(id, 'awaiting-approval')).toMatchObject({ phase: 1, next_phase: 6 });
  expect((await call('o', 'POST', `${path}/advance`, { phase: 6 })).status).toBe(200);
  expect((await call('o', 'POST', `${path}/pause`)).body).toMatchObject({ status: 'paused' });
  gate.resolve();
  expect((await call('o', 'POST', `${path}/resume`)).status).toBe(200);
  expect(await until(id, 'completed')).toMatchObject({ phase: 6, failure: null });
  expect((await call('o', 'POST', `${path}/rollback`, { to_phase: 0 })).body.goal_phase).toBe(0);
  expect(await until(id, 'rolled-back')).toMatchObject({ phase: 0 });
  const { body: audit } = await call('v', 'GET', `${path}/audit?limit=1000`);
  expect(audit.entries.filter((entry: { actor: string }) => entry.actor === 'operator')).toMatchObject([
    { action: 'start' },
    { action: 'advance', details: { phase: 6 } },
    { action: 'pause' },
    { action: 'resume' },
    { action: 'rollback', details: { toPhase: 0 } },
  ]);
  expect((await call('v', 'GET', `${path}/audit/verify`)).body).toMatchObject({ intact: true });
  expect((await call('v', 'GET', `${path}/health`)).body).toMatchObject({ leader: 'one' });
  expect((await call('v', 'GET', `${path}/events?limit=2`)).body.entries).toHaveLength(2);
  expect((await call('v', 'GET', '/api/v1/sync/status')).body.migrations[0]).toMatchObject({
    id,
    sync: null,
  });
  expect((await call('v', 'GET', `${path}/report?format=markdown`)).body).toContain('# Migration move');
  expect((await call('v', 'GET', `${path}/report?format=html`)).body).toMatch(/^<!doctype html>/);
});

test('a refusal says what is possible instead', async () => {
  const id = await create();
  const { status, body } = await call('o', 'POST', `/api/v1/migrations/${id}/advance`);
  expect(status).toBe(412);
  expect(body).toEqual({
    code: 'precondition',
    message: 'the migration is planned in phase 0; there is nothing to approve',
    remedy: 'start it first',
  });
  expect((await call('v', 'GET', '/api/v1/migrations/none')).status).toBe(404);
  const bad = await call('a', 'POST', '/api/v1/migrations', {
    ...plan,
    config: { name: 'm', sync: { path: [] } },
  });
  expect(bad.status).toBe(400);
  expect(bad.body.message).toContain('Unrecognized key: "path"');
  expect((await call('o', 'GET', `/api/v1/migrations/${id}/conflicts`)).body).toEqual({ conflicts: [] });
  expect(await call('o', 'POST', `/api/v1/migrations/${id}/verify`, {})).toMatchObject({
    status: 412,
    body: { message: expect.stringContaining('does not run') },
  });
});

test('roles: a viewer sees, an operator acts, an administrator plans', async () => {
  const id = await create();
  expect((await call('v', 'POST', `/api/v1/migrations/${id}/start`)).status).toBe(403);
  expect((await call('o', 'POST', '/api/v1/migrations', plan)).status).toBe(403);
  expect((await fetch(`${base}/api/v1/migrations`)).status).toBe(401);
});

test('secrets of the configuration are not shown', async () => {
  const alerts = { slack_webhook: 'https://hooks.example.com/services/hunter2' };
  const made = await call('a', 'POST', '/api/v1/migrations', { ...plan, config: { name: 'm', alerts } });
  expect(made.body.config.alerts.slack_webhook).toBe('***');
  expect(JSON.stringify((await call('v', 'GET', '/api/v1/migrations')).body)).not.toContain('hunter2');
});

test('the OpenAPI document names every path', async () => {
  const { body } = await call('v', 'GET', '/api/v1/openapi.json');
  for (const path of [
    '',
    '/{id}',
    '/{id}/start',
    '/{id}/advance',
    '/{id}/rollback',
    '/{id}/health',
    '/{id}/history',
    '/{id}/report',
  ])
    expect(Object.keys(body.paths)).toContain(`/api/v1/migrations${path}`);
  expect(body.paths['/api/v1/migrations/{id}/rollback'].post.requestBody).toBeDefined();
});

test('live events come over a WebSocket, and metrics under their names', async () => {
  gate = Promise.withResolvers<void>();
  const id = await create();
  const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/events?migration=${id}`, {
    headers: { authorization: `Bearer ${'v'.repeat(8)}` },
  });
  const events: { kind: string; record?: { status: string }; entry?: { action: string } }[] = [];
  socket.addEventListener('message', ({ data }) => events.push(JSON.parse(String(data))));
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  await call('o', 'POST', `/api/v1/migrations/${id}/start`);
  await waitFor(() => events.some((event) => event.record?.status === 'awaiting-approval') || undefined, {
    what: 'the event of phase 1 being done',
    intervalMs: 20,
  });
  expect(events.some((event) => event.kind === 'audit' && event.entry?.action === 'step done')).toBe(true);
  socket.close();
  const { body } = await call('v', 'GET', '/metrics');
  expect(body).toContain(`zk_migration_status{migration="${id}",status="awaiting-approval"} 1`);
});
