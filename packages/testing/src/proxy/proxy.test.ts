import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../wait-for.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  server.close();
});

const start = () =>
  startProxy({ target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } });

async function open(proxy: TcpProxy) {
  const socket: Socket = connect({ host: proxy.host, port: proxy.port });
  const seen = { bytes: 0, error: '', ended: false };
  socket.on('data', (chunk) => {
    seen.bytes += chunk.length;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? '';
  });
  socket.on('end', () => {
    seen.ended = true;
  });
  await once(socket, 'connect');
  return { socket, seen, [Symbol.dispose]: () => socket.destroy() };
}

test('bytes pass both ways and are counted, and an end passes too', async () => {
  await using proxy = await start();
  using client = await open(proxy);
  client.socket.end(Buffer.alloc(3_000_000));
  await waitFor(() => client.seen.ended, { what: 'the echo to end' });
  expect(client.seen.bytes).toBe(3_000_000);
  expect(proxy.bytes).toEqual({ up: 3_000_000, down: 3_000_000 });
  await waitFor(() => proxy.open === 0, { what: 'the connection to go' });
  expect(proxy.accepted).toBe(1);
});

test('a delay delays both ways', async () => {
  await using proxy = await start();
  using client = await open(proxy);
  proxy.delay(60);
  const startMs = performance.now();
  client.socket.write('x');
  await waitFor(() => client.seen.bytes === 1, { what: 'the echo', intervalMs: 2 });
  expect(performance.now() - startMs).toBeGreaterThan(115);
  proxy.heal();
});

test('what was sent before the ends closed still arrives after a delay', async () => {
  await using proxy = await start();
  using client = await open(proxy);
  proxy.delay(50);
  client.socket.end('last words');
  await waitFor(() => client.seen.ended, { what: 'the end' });
  expect(client.seen).toEqual({ bytes: 10, error: '', ended: true });
});

test('a throttle lets bytes trickle', async () => {
  await using proxy = await start();
  using client = await open(proxy);
  proxy.throttle(50_000, 'down');
  const startMs = performance.now();
  client.socket.write(Buffer.alloc(10_000));
  const [first] = await once(client.socket, 'data');
  expect(first.length).toBeLessThan(10_000);
  await waitFor(() => client.seen.bytes === 10_000, { what: 'all bytes', intervalMs: 2 });
  expect(performance.now() - startMs).toBeGreaterThan(180);
});

test('a stall holds everything back without breaking, and nothing is lost when it ends', async () => {
  await using proxy = await start();
  using client = await open(proxy);
  proxy.stall();
  using late = await open(proxy);
  client.socket.write(Buffer.alloc(20_000_000));
  late.socket.write('x');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([client.seen, late.seen]).toEqual([
    { bytes: 0, error: '', ended: false },
    { bytes: 0, error: '', ended: false },
  ]);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  proxy.heal();
  await waitFor(() => client.seen.bytes === 20_000_000 && late.seen.bytes === 1, { what: 'the echoes' });
});

test('a drop resets what there is, a cut also what comes, until it heals', async () => {
  await using proxy = await start();
  using first = await open(proxy);
  await waitFor(() => proxy.open === 1, { what: 'the proxy to accept' });
  proxy.drop();
  await waitFor(() => first.seen.error === 'ECONNRESET', { what: 'a reset' });
  using second = await open(proxy);
  await waitFor(() => proxy.open === 1, { what: 'the proxy to accept' });
  proxy.cut();
  await waitFor(() => second.seen.error === 'ECONNRESET', { what: 'a reset' });
  const refused = await open(proxy).catch((error) => error);
  if ('seen' in refused) await waitFor(() => refused.seen.error === 'ECONNRESET', { what: 'a reset' });
  else expect(refused.code).toBe('ECONNRESET');
  proxy.heal();
  using third = await open(proxy);
  third.socket.write('x');
  await waitFor(() => third.seen.bytes === 1, { what: 'the echo' });
});

test('a target that refuses resets the client', async () => {
  await using proxy = await startProxy({ target: { host: '127.0.0.1', port: 1 } });
  using client = await open(proxy);
  await waitFor(() => client.seen.error === 'ECONNRESET' || client.seen.ended, { what: 'the end' });
});
