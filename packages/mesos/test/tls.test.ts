/** Nodes that talk TLS to each other and to tools, and those that are on their way to it. */
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { type Certificates, freePorts, testCertificates, waitFor } from '@orchestrator/testing';
import { afterEach, beforeAll, expect, test } from 'vitest';
import {
  createLibprocess,
  createSharedServer,
  internal,
  type Libprocess,
  makeMessage,
  onMessage,
  readTls,
  routeMessages,
  type TlsSetting,
} from '../src/index.ts';

let certificates: Certificates;
const closers: (() => void)[] = [];

beforeAll(async () => {
  certificates = await testCertificates();
});

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type Settings = Partial<Record<TlsSetting, string>>;

const settingsOf = (who: 'server' | 'client' | 'stranger', more: Settings = {}): Settings => ({
  ssl_enabled: 'true',
  ssl_key_file: certificates[who].keyFile,
  ssl_cert_file: certificates[who].certificateFile,
  ssl_ca_file: certificates.caFile,
  ...more,
});

interface TestNode {
  readonly libprocess: Libprocess;
  readonly received: string[];
  readonly port: number;
}

async function startNode(settings: Settings): Promise<TestNode> {
  const tls = await readTls((name) => settings[name]);
  const [port = 0] = await freePorts(1);
  const libprocess = createLibprocess({
    address: { host: '127.0.0.1', port },
    ...(tls === undefined ? {} : { tls }),
  });
  const http = createHttpServer((_request, response) => response.end('from HTTP'));
  const server = createSharedServer({ libprocess, http, ...(tls === undefined ? {} : { tls }) });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    libprocess.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const received: string[] = [];
  const routes = [
    onMessage(internal.KillTaskMessageSchema, ({ taskId }) => void received.push(taskId.value)),
  ];
  libprocess.spawn('master', routeMessages(routes));
  return { libprocess, received, port };
}

function send(from: TestNode, to: TestNode, taskId: string, onExited = () => undefined): void {
  const sender = from.libprocess.has('sender') ? undefined : from.libprocess.spawn('sender', () => undefined);
  const upid = { id: 'master', host: '127.0.0.1', port: to.port };
  sender?.link(upid, onExited);
  sender?.send(
    upid,
    internal.KillTaskMessageSchema,
    makeMessage(internal.KillTaskMessageSchema, { frameworkId: { value: 'f' }, taskId: { value: taskId } }),
  );
}

test('messages in both directions, and the HTTP API on the same port', async () => {
  const verifying = { ssl_verify_server_cert: 'true', ssl_require_client_cert: 'true' };
  const [one, two] = [
    await startNode(settingsOf('server', verifying)),
    await startNode(settingsOf('server', verifying)),
  ];
  send(one, two, 'a');
  send(two, one, 'b');
  await waitFor(() => one.received.length + two.received.length === 2, { what: 'both messages' });
  expect([one.received, two.received]).toEqual([['b'], ['a']]);
  expect(await getOver('https', two.port, true)).toBe('from HTTP');
  await expect(getOver('https', two.port, false)).rejects.toThrow();
});

async function getOver(scheme: 'http' | 'https', port: number, withCertificate: boolean): Promise<string> {
  if (scheme === 'http') return (await fetch(`http://127.0.0.1:${port}/`)).text();
  const { client, caFile } = certificates;
  const identity = withCertificate
    ? { key: await readFile(client.keyFile), cert: await readFile(client.certificateFile) }
    : {};
  const agent = new HttpsAgent({ ca: await readFile(caFile), ...identity });
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ host: '127.0.0.1', port, agent }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end();
  });
}

test('who shows a certificate of a stranger gets nothing, and is told by its link', async () => {
  const node = await startNode(settingsOf('server', { ssl_require_client_cert: 'true' }));
  const stranger = await startNode(settingsOf('stranger'));
  let exits = 0;
  send(stranger, node, 'a', () => {
    exits++;
  });
  await waitFor(() => exits === 1, { what: 'the link to break' });
  expect(node.received).toEqual([]);
});

test('a server that cannot be verified gets nothing', async () => {
  const stranger = await startNode(settingsOf('stranger'));
  const careful = await startNode(settingsOf('client', { ssl_verify_server_cert: 'true' }));
  let exits = 0;
  send(careful, stranger, 'a', () => {
    exits++;
  });
  await waitFor(() => exits === 1, { what: 'the link to break' });
  expect(stranger.received).toEqual([]);
});

test('on the way to TLS: both are taken, and each peer is answered as it speaks', async () => {
  const both = await startNode(settingsOf('server', { ssl_support_downgrade: 'true' }));
  const plain = await startNode({});
  const secure = await startNode(settingsOf('server'));
  send(plain, both, 'from plain');
  send(secure, both, 'from secure');
  await waitFor(() => both.received.length === 2, { what: 'messages of both' });
  send(both, plain, 'to plain');
  await waitFor(() => plain.received.length === 1, { what: 'the answer without TLS' });
  expect(await getOver('http', both.port, false)).toBe('from HTTP');
  expect(await getOver('https', both.port, false)).toBe('from HTTP');
});

test.each([
  [{ ssl_enabled: 'perhaps' }, /ssl_enabled is "perhaps"/],
  [{ ssl_enabled: 'true' }, /ssl_key_file or ssl_cert_file is not/],
  [{ ssl_enabled: 'true', ssl_key_file: '/nowhere' }, /ssl_key_file names \/nowhere/],
] as const)('%j is refused', async (settings: Settings, message) => {
  await expect(readTls((name) => settings[name])).rejects.toThrow(message);
});

test('versions of TLS that are disabled, and TLS that is not asked for', async () => {
  const none = settingsOf('server', { ssl_enable_tls_v1_2: 'false', ssl_enable_tls_v1_3: '0' });
  await expect(readTls((name) => none[name])).rejects.toThrow(/every version/);
  expect(await readTls(() => undefined)).toBeUndefined();
});
