/** Single sign-on against a provider that checks what real ones check; sessions that end; views with rights. */
import { freePorts, waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  operatorToken,
  probeToken,
  type RunningMonitor,
  startMonitor,
  viewerToken,
} from './monitor-fixture.ts';
import { type OidcProvider, startOidcProvider } from './oidc-provider.ts';

let monitor: RunningMonitor;
let provider: OidcProvider;

beforeAll(async () => {
  provider = await startOidcProvider('console', probeToken);
  const [port = 0] = await freePorts(1);
  monitor = await startMonitor({
    'http.port': port,
    'views.roles': { hosts: 'operator' },
    'auth.oidc': {
      ...{
        issuer: provider.issuer,
        clientId: 'console',
        clientSecret: { env: 'PROBE' },
        roles: { ops: 'operator' },
      },
      externalUrl: `http://127.0.0.1:${port}`,
    },
  });
});

afterAll(async () => {
  await monitor.stop();
  provider.close();
});

const cookiesOf = (answer: Response) =>
  answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');

/** Goes where a browser would, and gives what it comes back with. */
async function login(withCookie = true): Promise<Response> {
  const begun = await fetch(`${monitor.url}/api/login/oidc?return=/cluster`, { redirect: 'manual' });
  expect(begun.status).toBe(302);
  expect(begun.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/);
  const there = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  const headers: Record<string, string> = withCookie ? { cookie: cookiesOf(begun)[0] ?? '' } : {};
  return fetch(there.headers.get('location') ?? '', { headers, redirect: 'manual' });
}

test('whoever the provider knows comes in with the role of their group', async () => {
  const methods = await (await fetch(`${monitor.url}/api/login/methods`)).json();
  expect(methods).toEqual({
    open: false,
    password: true,
    oidc: { label: 'Single sign-on', url: '/api/login/oidc' },
  });
  provider.claims = { sub: '1', email: 'ann@example.org', groups: ['staff', 'ops'] };
  const back = await login();
  expect(back.status).toBe(200);
  expect(await back.text()).toContain('url=/cluster');
  const [session = ''] = cookiesOf(back);
  const me = await fetch(`${monitor.url}/api/me`, { headers: { cookie: session } });
  expect(await me.json()).toEqual({ name: 'ann@example.org (sso)', role: 'operator' });
});

test('strangers, other browsers and second uses are refused', async () => {
  provider.claims = { sub: '2', email: 'eve@example.org', groups: ['guests'] };
  const refused = await login();
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining('in no group') });
  provider.claims = { sub: '1', groups: 'ops' };
  expect((await login(false)).status).toBe(401);
  provider.claims = { sub: '1', groups: 'ops', aud: 'somebody-else' };
  expect((await login()).status).toBe(401);
  provider.claims = { sub: '1', groups: 'ops', nonce: 'of-another-time' };
  expect((await login()).status).toBe(401);
  const answer = await fetch(`${monitor.url}/api/audit`, {
    headers: { authorization: `Bearer ${operatorToken}` },
  });
  const { entries } = (await answer.json()) as { entries: { action: string; outcome: string }[] };
  const outcomes = entries
    .filter(({ action }) => action === 'login.oidc')
    .map(({ outcome }) => outcome.split(':')[0]);
  expect(outcomes).toEqual(expect.arrayContaining(['done', 'forbidden', 'unauthenticated']));
});

test('a WebSocket ends with the session that opened it', async () => {
  provider.claims = { sub: '1', email: 'bob', groups: ['ops'] };
  const [cookie = ''] = cookiesOf(await login());
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/topology/containers/ws`, {
    headers: { cookie },
  });
  let closed: number | undefined;
  let messages = 0;
  socket.addEventListener('message', () => messages++);
  socket.addEventListener('close', ({ code }) => (closed = code));
  await waitFor(() => messages > 0, { what: 'the view' });
  expect((await fetch(`${monitor.url}/api/logout`, { method: 'POST', headers: { cookie } })).status).toBe(
    204,
  );
  await waitFor(() => closed === 1008, { what: 'the end of the WebSocket' });
});

test('views may need more than others, wherever they are asked for', async () => {
  const get = (path: string, token: string) =>
    fetch(`${monitor.url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const names = async (token: string) =>
    ((await (await get('/api/topology', token)).json()) as { name: string }[]).map(({ name }) => name);
  expect(await names(viewerToken)).not.toContain('Hosts');
  expect(await names(operatorToken)).toContain('Hosts');
  for (const path of [
    '/api/topology/hosts',
    '/api/topology?view=hosts',
    '/api/topology/hosts/h',
    '/api/report',
  ]) {
    expect((await get(path, viewerToken)).status).toBe(403);
  }
  expect((await get('/api/topology/hosts', operatorToken)).status).toBe(200);
  expect((await get('/api/topology/containers', viewerToken)).status).toBe(200);
});
