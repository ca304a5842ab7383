/** A session that nobody has used for half a day: nothing is answered with its token any more. */
import { SimulatedClock, waitFor } from '@orchestrator/testing';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningMonitor, startMonitor } from './monitor-fixture.ts';

const clock = new SimulatedClock();
const hourMs = 3_600_000;
let monitor: RunningMonitor;

beforeAll(async () => {
  monitor = await startMonitor({ 'history.enabled': false }, { clock });
});

afterAll(() => monitor.stop());

const ask = async (method: string, path: string) =>
  (await fetch(`${monitor.url}${path}`, { method, headers: { cookie: monitor.admin } })).status;

test('an expired token neither looks nor acts, and the WebSocket that it opened ends', async () => {
  let [messages, closed] = [0, 0];
  const socket = new WebSocket(`${monitor.url.replace('http', 'ws')}/api/topology/containers/ws`, {
    headers: { cookie: monitor.admin },
  });
  socket.addEventListener('message', () => messages++);
  socket.addEventListener('close', ({ code }) => {
    closed = code;
  });
  await waitFor(() => messages > 0, { what: 'the view' });
  clock.advance(11 * hourMs);
  // Whoever does something stays logged in.
  expect(await ask('GET', '/api/me')).toBe(200);
  clock.advance(11 * hourMs);
  expect(closed).toBe(0);
  clock.advance(hourMs + 10_000);
  await waitFor(() => closed === 1008, { what: 'the end of the WebSocket' });
  expect(await ask('GET', '/api/topology/containers')).toBe(401);
  expect(await ask('POST', '/api/containers/web/stop')).toBe(401);
  expect(await ask('GET', '/api/me')).toBe(401);
});
