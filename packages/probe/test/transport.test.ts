import { readFile } from 'node:fs/promises';
import { silentLogger } from '@orchestrator/runtime';
import { freePorts, startProxy, testCertificates, waitFor } from '@orchestrator/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { Board } from '../src/board/board.ts';
import { startProbe } from '../src/probe.ts';
import type { Source } from '../src/source.ts';
import type { AppOptions } from '../src/transport/app-config.ts';
import { latestOf, startAppServer, startReportReceiver } from './app-server.ts';

const timeoutMs = 60_000;
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** A source of one node, written to by the test. */
function watchWith(...apps: AppOptions[]): Board {
  let board: Board | undefined;
  const source: Source = {
    name: 'test',
    start(context) {
      board = context.board;
      context.controls.register('echo', async (call) => ({ value: JSON.stringify(call.arguments) }));
      context.controls.register('hang', () => new Promise(() => undefined));
      return () => undefined;
    },
  };
  const probe = startProbe({ probeId: 'one', sources: [source], apps, logger: silentLogger });
  undo.push(() => probe.stop());
  if (board === undefined) throw new Error('the source was not started');
  return board;
}

const say = (board: Board, text: string) => board.see('host', 'h', { latest: { text } }, 'now');

async function app(options: Parameters<typeof startAppServer>[0] = {}) {
  const server = await startAppServer(options);
  undo.push(() => server.close());
  const hears = (text: string) =>
    waitFor(() => latestOf(server.node('host', 'h'), 'text') === text, {
      what: `"${text}" at the app`,
      timeoutMs,
      intervalMs: 5,
    });
  return { ...server, hears };
}

describe('over gRPC', () => {
  it('several apps get all there is, and then what changes', async () => {
    const [first, second] = [await app(), await app()];
    const board = watchWith({ grpc: first.address }, { grpc: second.address });
    say(board, 'one');
    await Promise.all([first.hears('one'), second.hears('one')]);
    say(board, 'two');
    await Promise.all([first.hears('two'), second.hears('two')]);
    expect([...first.probeIds]).toEqual(['one']);
    expect(first.received.full).toBe(1);
    board.remove('host', 'h', 'now');
    await waitFor(() => first.node('host', 'h') === undefined, { what: 'it to go', timeoutMs });
  });

  it('an idle probe sends nothing', async () => {
    const server = await app();
    const board = watchWith({ grpc: server.address });
    say(board, 'one');
    await server.hears('one');
    const { frames } = server.received;
    for (let count = 0; count < 50; count++) say(board, 'one');
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(server.received.frames).toBe(frames);
  });

  it('an app that comes late or comes back gets everything anew', async () => {
    const [port = 0] = await freePorts(1);
    const board = watchWith({ grpc: `127.0.0.1:${port}` });
    say(board, 'one');
    const before = await startAppServer({ port });
    await waitFor(() => latestOf(before.node('host', 'h'), 'text') === 'one', { what: 'one', timeoutMs });
    await before.close();
    say(board, 'two');
    const after = await app({ port });
    await after.hears('two');
    expect(after.received.full).toBe(1);
  });

  it('an app that lost its place asks for a full report', async () => {
    const server = await app();
    const board = watchWith({ grpc: server.address });
    say(board, 'one');
    await server.hears('one');
    server.resync();
    await waitFor(() => server.received.full === 2, { what: 'a second full report', timeoutMs });
    say(board, 'two');
    await server.hears('two');
  });

  it('what happens while the app does not read is sent as one difference', async () => {
    const server = await app();
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: server.port } });
    undo.push(() => proxy.close());
    const board = watchWith({ grpc: `127.0.0.1:${proxy.port}` });
    say(board, 'one');
    await server.hears('one');
    proxy.stall();
    const { frames } = server.received;
    // More than sockets and streams buffer on the way.
    for (let count = 0; count < 60; count++) {
      say(board, `${count} ${'x'.repeat(60_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    say(board, 'last');
    proxy.heal();
    await server.hears('last');
    expect(server.received.frames - frames).toBeLessThan(60);
  });

  it('controls answer in any order', async () => {
    const server = await app();
    watchWith({ grpc: server.address });
    await waitFor(() => server.probeIds.size === 1, { what: 'the probe', timeoutMs });
    void server.call('h', 'hang');
    expect(await server.call('h', 'echo', { a: 'b' })).toMatchObject({ error: '', value: '{"a":"b"}' });
  });

  it('a wrong token is refused, the right one with TLS is not', async () => {
    const { caFile, server: identity } = await testCertificates();
    const [ca, key, cert] = await Promise.all(
      [caFile, identity.keyFile, identity.certificateFile].map((file) => readFile(file, 'utf8')),
    );
    const tls = { ca: ca ?? '', key: key ?? '', cert: cert ?? '' };
    const server = await app({ token: 'right', tls });
    const grpc = `localhost:${server.port}`;
    const wrong = watchWith({ grpc, token: 'wrong', tls: { ca: tls.ca } });
    say(wrong, 'wrong');
    const right = watchWith({ grpc, token: 'right', tls: { ca: tls.ca } });
    say(right, 'right');
    await server.hears('right');
    expect(server.received.full).toBe(1);
  });
});

describe('over HTTP', () => {
  async function receiver(token?: string) {
    const server = await startReportReceiver(token);
    undo.push(() => server.close());
    const hears = (text: string) =>
      waitFor(
        () => server.report().topologies.get('host')?.nodes.get('h')?.latest.get('text')?.value === text,
        {
          what: `"${text}" at the app`,
          timeoutMs,
        },
      );
    return { ...server, hears };
  }

  it('reports arrive, and in full again after the app has forgotten them', async () => {
    const server = await receiver('secret');
    const board = watchWith({ http: server.url, token: 'secret' });
    say(board, 'one');
    await server.hears('one');
    server.forget();
    say(board, 'two');
    await server.hears('two');
    expect(server.statuses).toContain(409);
  });

  it('reports go this way when gRPC does not get through', async () => {
    const server = await receiver();
    const [port = 0] = await freePorts(1);
    const board = watchWith({ grpc: `127.0.0.1:${port}`, http: server.url });
    say(board, 'one');
    await server.hears('one');
  });
});

it('an app without an address is refused', () => {
  expect(() => watchWith({})).toThrow(expect.objectContaining({ code: 'invalid' }));
});
