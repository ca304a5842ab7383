/** The migrations' API against a real coordinator, with phases that a test can hold. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createMigrationServer,
  definePhase,
  type MigrationContext,
  type MigrationServer,
} from '@orchestrator/migration';
import { openStore, type Store } from '@orchestrator/store';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type MigrationEvent,
  migration,
  migrationHealth,
  migrationList,
  syncStatusList,
} from '../src/schema/index.ts';
import { operatorToken, type RunningMonitor, startMonitor, viewerToken } from './monitor-fixture.ts';

const coordinatorToken = 'token-of-the-coordinator';
const patience = { timeout: 60_000, interval: 50 };

let folder: string;
let store: Store;
let coordinator: MigrationServer;
let monitor: RunningMonitor;
let id: string;

const step = (name: string) => ({ name, run: async () => undefined, undo: async () => undefined });

beforeAll(async () => {
  folder = await temporaryFolder('migrations');
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  coordinator = await createMigrationServer({
    ...{ store, workFolder: join(folder, 'work'), instance: 'one', version: '1.2.3' },
    phases: {
      phases: [
        definePhase<MigrationContext>({ number: 1, name: 'deploy', steps: [step('a')] }),
        definePhase<MigrationContext>({ number: 6, name: 'finish', steps: [step('b')] }),
      ],
      origin: [],
    },
    http: { auth: { tokens: [{ token: coordinatorToken, name: 'monitor', role: 'admin' }] } },
  });
  const url = await coordinator.start();
  await writeFile(join(folder, 'token'), `${coordinatorToken}\n`);
  monitor = await startMonitor({
    'migrations.coordinators': [
      { name: 'east', url, token: { file: join(folder, 'token') } },
      { name: 'gone', url: 'http://127.0.0.1:1' },
      { name: 'closed', url },
    ],
  });
  const created = await fetch(`${url}/api/v1/migrations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${coordinatorToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ source_zk: '127.0.0.1:1', target_zk: '127.0.0.1:2', config: { name: 'm' } }),
  });
  id = ((await created.json()) as { id: string }).id;
});

afterAll(async () => {
  await monitor.stop();
  await coordinator.stop();
  await store.close();
  await removeFolder(folder);
});

async function ask(path: string, body?: unknown, token = operatorToken) {
  const answer = await fetch(`${monitor.url}/api/migrations${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === 'admin' ? { cookie: monitor.admin } : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

test('migrations of all coordinators are listed, and those that cannot be asked are said so', async () => {
  const { coordinators, migrations } = migrationList.parse((await ask('')).body);
  expect(migrations).toMatchObject([
    { coordinator: 'east', id, status: 'planned', phases: [{ number: 1 }, { number: 6 }] },
  ]);
  expect(coordinators).toMatchObject([
    { name: 'east', reachable: true, problem: null },
    { name: 'gone', reachable: false, problem: { remedy: expect.stringContaining('zk-migrate serve') } },
    {
      name: 'closed',
      reachable: false,
      problem: { message: expect.stringContaining('does not accept our token') },
    },
  ]);
  expect(syncStatusList.parse((await ask('/sync')).body).migrations).toMatchObject([
    { coordinator: 'east', id },
  ]);
  expect(migration.parse((await ask(`/east/${id}`)).body)).toMatchObject({ coordinator: 'east', name: 'm' });
  expect(migrationHealth.parse((await ask(`/east/${id}/health`)).body).checks).toEqual([]);
  expect((await ask(`/east/${id}/history`)).body).toEqual({ samples: [] });
  expect((await ask(`/east/${id}/conflicts?held=true`)).body).toEqual({ conflicts: [] });
  const report = await ask(`/east/${id}/report?format=html`);
  expect(report.headers.get('content-security-policy')).toContain('sandbox');
  expect(report.body).toContain('<html');
  expect((await ask('/east/none')).status).toBe(404);
  expect((await ask('/nobody/none')).body).toMatchObject({
    code: 'not-found',
    remedy: expect.stringContaining('east'),
  });
  expect((await ask(`/gone/${id}`)).status).toBe(503);
  expect(JSON.stringify((await ask('')).body)).not.toContain(coordinatorToken);
});

test('phases are begun, approved and rolled back by those who may, and everybody hears of it', async () => {
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/migrations/ws`, {
    headers: { authorization: `Bearer ${viewerToken}` },
  });
  const events: MigrationEvent[] = [];
  socket.addEventListener('message', ({ data }) => events.push(JSON.parse(String(data))));
  await expect
    .poll(
      () => events.some(({ coordinator: name, status }) => name === 'east' && status?.reachable),
      patience,
    )
    .toBe(true);
  const statusOf = async () => (await ask(`/east/${id}`)).body.status;

  const refused = await ask(`/east/${id}/start`, {}, viewerToken);
  expect(refused).toMatchObject({
    status: 403,
    body: { message: expect.stringContaining('needs operator') },
  });
  expect((await ask(`/east/${id}/start`, {})).body).toMatchObject({ coordinator: 'east', id });
  await expect.poll(statusOf, patience).toBe('awaiting-approval');
  expect(await ask(`/east/${id}/advance`, { phase: 4 })).toMatchObject({
    status: expect.any(Number),
    body: { code: expect.any(String) },
  });
  expect((await ask(`/east/${id}/advance`, { phase: 6 })).status).toBeLessThan(300);
  await expect.poll(statusOf, patience).toBe('completed');
  expect((await ask(`/east/${id}/rollback`, { to_phase: 0 })).status).toBe(403);
  expect((await ask(`/east/${id}/rollback`, { to_phase: 0, force: true }, 'admin')).status).toBeLessThan(300);
  await expect.poll(statusOf, patience).toBe('rolled-back');

  const told = () => events.filter(({ kind }) => kind === 'record').map(({ record }) => record?.status);
  await expect
    .poll(told, patience)
    .toEqual(expect.arrayContaining(['awaiting-approval', 'completed', 'rolled-back']));
  socket.close();
  const { entries } = (await (
    await fetch(`${monitor.url}/api/audit`, { headers: { authorization: `Bearer ${operatorToken}` } })
  ).json()) as { entries: { action: string; outcome: string; target: string }[] };
  const actions = entries.map(
    ({ action, outcome, target }) => `${action} ${target} ${outcome.split(':')[0]}`,
  );
  expect(actions).toContain(`migration.start east/${id} forbidden`);
  expect(actions).toContain(`migration.advance east/${id} done`);
  expect(actions).toContain(`migration.rollback east/${id} done`);
});
