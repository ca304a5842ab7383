import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendBody } from './exchange.ts';
import { acceptsGzip } from './gzip.ts';
import { sendChunks } from './send-chunks.ts';

test.each([
  ['gzip', true],
  ['deflate, GZIP;q=0.5', true],
  ['*', true],
  ['*, gzip;q=0', false],
  ['gzip; q=0.0', false],
  ['identity', false],
  ['x-gzip-not', false],
  ['', false],
  [undefined, false],
])('Accept-Encoding %j', (header, accepts) => {
  expect(acceptsGzip(header)).toBe(accepts);
});

const long = '{"text":"and so on"}'.repeat(100);
const turns = { pause: () => undefined };

function* pieces(text: string, length: number): Generator<string> {
  for (let start = 0; start < text.length; start += length) yield text.slice(start, start + length);
}

const server = createServer((asked, response) => {
  const [, kind, length] = (asked.url ?? '').split('/');
  const text = long.slice(0, Number(length));
  if (kind === 'whole') sendBody(response, 'text/plain', text);
  else void sendChunks(response, 'text/plain', pieces(text, 7), { turns });
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.close();
});

async function get(path: string, encoding: string): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'Accept-Encoding': encoding };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, resolve).on('error', reject).end();
  });
  return { answer, body: Buffer.concat(await answer.toArray()) };
}

test.each(['whole', 'chunks'])('a long answer in %s is compressed for whoever asks', async (kind) => {
  const { answer, body } = await get(`/${kind}/2000`, 'gzip');
  expect(answer.headers['content-encoding']).toBe('gzip');
  expect(body.length).toBeLessThan(200);
  expect(gunzipSync(body).toString()).toBe(long);
});

test.each([
  ['whole', 2000, 'deflate'],
  ['chunks', 2000, 'deflate'],
  ['whole', 1023, 'gzip'],
  ['chunks', 1023, 'gzip'],
  ['chunks', 0, 'gzip'],
])('in %s, %i bytes for %s come as they are', async (kind, length, encoding) => {
  const { answer, body } = await get(`/${kind}/${length}`, encoding);
  expect(answer.headers).not.toHaveProperty('content-encoding');
  expect(body.toString()).toBe(long.slice(0, length));
});
