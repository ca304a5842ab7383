import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { freePorts } from '@orchestrator/testing';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createLibprocess,
  createMessageHttpHandler,
  createSharedServer,
  internal,
  type Libprocess,
  type LibprocessOptions,
  makeMessage,
  onMessage,
  routeMessages,
} from '../src/index.ts';
import recorded from './data/messages/odd-raw-requests.json' with { type: 'json' };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface TestNode {
  libprocess: Libprocess;
  server: Server;
  /** Accepted ones. */
  sockets: Set<Socket>;
}

function answerHttp(libprocess: Libprocess): HttpServer {
  const takeMessage = createMessageHttpHandler({ libprocess });
  return createHttpServer((request, response) => {
    if (takeMessage(request, response)) return;
    request.resume();
    request.on('end', () => {
      if (request.url === '/health') response.end();
      else if (request.url === '/redirect') response.writeHead(307, { Location: '//127.0.0.5:5050' }).end();
      else response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 Not Found.');
    });
  });
}

/** A node on a free port, with the HTTP API beside it. */
async function startNode(options: Partial<LibprocessOptions> = {}): Promise<TestNode> {
  const [port] = await freePorts(1);
  const libprocess = createLibprocess({ ...options, address: { host: '127.0.0.1', port: port ?? 0 } });
  const http = answerHttp(libprocess);
  const server = createSharedServer({ libprocess, http });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    libprocess.close();
    server.close();
    http.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });
  return { libprocess, server, sockets };
}

const silenceMs = 100;

/** Everything that comes back until there is a moment of silence after as many answers as are expected. */
function rawExchange(port: number, text: string, answers: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(silenceMs, () => {
      if ((statusesOf(answer)?.length ?? 0) >= answers) socket.destroy();
      else socket.setTimeout(silenceMs);
    });
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(text, 'latin1');
  });
}

const statusesOf = (answer: string) => answer.match(/HTTP\/1\.1 \d+ [^\r]+/g);
const kill = (taskId: string) =>
  makeMessage(internal.KillTaskMessageSchema, { frameworkId: { value: 'f' }, taskId: { value: taskId } });

describe('answers to raw requests are those of a real master', () => {
  test.each(recorded)('$case', async ({ request, response }) => {
    const node = await startNode();
    node.libprocess.spawn('master', () => undefined);
    const { port } = node.libprocess.address;
    const answer = await rawExchange(port, request, statusesOf(response)?.length ?? 0);
    expect(statusesOf(answer)).toEqual(statusesOf(response));
    if (response.includes('404')) expect(answer).toContain('404 Not Found.');
  });
});

test('messages arrive in order and in pieces that make sense, at the process they are for', async () => {
  const [left, right] = [await startNode(), await startNode()];
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  const receiver = right.libprocess.spawn(
    'slave(1)',
    routeMessages([
      onMessage(internal.KillTaskMessageSchema, ({ taskId }, from) => {
        seen.push(`${taskId.value} from ${from.id}`);
        if (seen.length === 2_000) done.resolve();
      }),
    ]),
  );
  const sender = left.libprocess.spawn('master', () => undefined);
  for (let count = 0; count < 2_000; count++) {
    sender.send(receiver.pid, internal.KillTaskMessageSchema, kill(`t${count}`));
  }
  await done.promise;
  expect(seen).toEqual(Array.from({ length: 2_000 }, (_, count) => `t${count} from master`));
  expect(right.sockets.size).toBe(1);
});

test('a link tells when the other side breaks, once; a later message opens a new connection', async () => {
  const [left, right] = [await startNode(), await startNode()];
  const received = Promise.withResolvers<void>();
  const receiver = right.libprocess.spawn('slave(1)', () => received.resolve());
  const sender = left.libprocess.spawn('master', () => undefined);
  let exits = 0;
  const exited = Promise.withResolvers<void>();
  const connected = new Promise((resolve) => right.server.once('connection', resolve));
  sender.link(receiver.pid, () => {
    exits += 1;
    exited.resolve();
  });
  await connected;
  for (const socket of right.sockets) socket.destroy();
  await exited.promise;
  sender.send(receiver.pid, internal.KillTaskMessageSchema, kill('t'));
  await received.promise;
  expect(exits).toBe(1);
});

test('a link to nobody is told of at once', async () => {
  const node = await startNode();
  const sender = node.libprocess.spawn('master', () => undefined);
  const gone = await startNode();
  await new Promise((resolve) => gone.server.close(resolve));
  const exited = Promise.withResolvers<Error | undefined>();
  sender.link({ id: 'slave(1)', ...gone.libprocess.address }, exited.resolve);
  expect((await exited.promise)?.message).toContain('ECONNREFUSED');
});

test('an unlinked link is not told of', async () => {
  const [left, right] = [await startNode({ idleTimeoutMs: 50 }), await startNode()];
  const sender = left.libprocess.spawn('master', () => undefined);
  const to = { id: 'slave(1)', ...right.libprocess.address };
  const connected = new Promise<Socket>((resolve) => right.server.once('connection', resolve));
  sender.link(to, () => expect.unreachable('was unlinked'));
  const socket = await connected;
  sender.unlink(to);
  // Nobody links it any more, so it goes after a while of silence.
  await new Promise((resolve) => socket.once('close', resolve));
});

test('a peer that does not read is given up when too much waits for it', async () => {
  const [left, right] = [
    await startNode({ highWaterBytes: 100_000, mostQueuedBytes: 20_000_000 }),
    await startNode(),
  ];
  right.server.on('connection', (socket) => socket.pause());
  const sender = left.libprocess.spawn('master', () => undefined);
  const to = { id: 'slave(1)', ...right.libprocess.address };
  const exited = Promise.withResolvers<Error | undefined>();
  sender.link(to, exited.resolve);
  const body = new Uint8Array(1_000_000);
  const roomLeft = Array.from({ length: 40 }, () => sender.sendBytes(to, 'x.Y', body));
  expect(roomLeft[0]).toBe(false);
  expect((await exited.promise)?.message).toBe('more than 20000000 bytes wait to be read by the peer');
});

test('a process that is busy makes its senders wait, and gets everything in order', async () => {
  const [left, right] = [await startNode(), await startNode()];
  const seen: number[] = [];
  let atOnce = 0;
  const done = Promise.withResolvers<void>();
  const receiver = right.libprocess.spawn('slave(1)', async ({ body }) => {
    atOnce += 1;
    expect(atOnce).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
    if (seen.push(body.readUInt32BE()) === 200) done.resolve();
  });
  const sender = left.libprocess.spawn('master', () => undefined);
  for (let count = 0; count < 200; count++) {
    const body = Buffer.alloc(5_000);
    body.writeUInt32BE(count);
    sender.sendBytes(receiver.pid, 'x.Y', body);
    if (count % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await done.promise;
  expect(seen).toEqual(Array.from({ length: 200 }, (_, count) => count));
});

test('a message to a process of the same node takes no socket', async () => {
  const node = await startNode();
  const received = Promise.withResolvers<string | undefined>();
  const target = node.libprocess.spawn('b', ({ from }) => received.resolve(from?.id));
  node.libprocess.spawn('a', () => undefined).sendBytes(target.pid, 'x.Y', new Uint8Array());
  expect(await received.promise).toBe('a');
  expect(node.sockets.size).toBe(0);
});

test('a handler that throws does not stop those after it', async () => {
  const errors: unknown[] = [];
  const [left, right] = [
    await startNode(),
    await startNode({ onHandlerError: (error) => errors.push(error) }),
  ];
  const received = Promise.withResolvers<void>();
  const receiver = right.libprocess.spawn(
    'slave(1)',
    routeMessages([onMessage(internal.KillTaskMessageSchema, () => received.resolve())]),
  );
  const sender = left.libprocess.spawn('master', () => undefined);
  sender.sendBytes(receiver.pid, 'mesos.internal.KillTaskMessage', Buffer.from('nonsense'));
  sender.send(receiver.pid, internal.KillTaskMessageSchema, kill('t'));
  await received.promise;
  expect(errors).toEqual([expect.objectContaining({ code: 'invalid' })]);
});

test('a message on a connection that began with something else arrives all the same', async () => {
  const node = await startNode();
  const received = Promise.withResolvers<string>();
  node.libprocess.spawn('master', ({ type }) => received.resolve(type));
  const message = (to: string) => `POST /${to}/x.Y HTTP/1.1\r\nHost: h\r\nLibprocess-From: a@h:1\r\n\r\n`;
  const answer = await rawExchange(
    node.libprocess.address.port,
    `GET /health HTTP/1.1\r\nHost: h\r\n\r\n${message('master')}${message('nobody')}`,
    3,
  );
  expect(statusesOf(answer)).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 202 Accepted', 'HTTP/1.1 404 Not Found']);
  expect(await received.promise).toBe('x.Y');
});

test('a request that never becomes whole is given up, silence between requests is not', async () => {
  const node = await startNode({ requestTimeoutMs: 30 });
  node.libprocess.spawn('master', () => undefined);
  const { port } = node.libprocess.address;
  const [silent, stuck] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  closers.push(() => silent.destroy());
  silent.write('POST /master/x.Y HTTP/1.1\r\nLibprocess-From: a@h:1\r\n\r\n');
  stuck.write('POST /master/x.Y HTTP/1.1\r\nLibprocess-From: a@h:1\r\n');
  await new Promise((resolve) => stuck.resume().once('close', resolve));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(silent.destroyed || silent.readableEnded).toBe(false);
});
