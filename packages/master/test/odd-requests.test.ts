/** Requests as old, terse and careless clients write them, byte for byte on a socket. */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';

let master: OneMaster;

beforeAll(async () => {
  master = await startMaster();
});

afterAll(async () => {
  await master?.[Symbol.asyncDispose]();
});

/** What the master says until it has said `enough`, or closes. */
function say(text: string, enough: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(master.port, master.host, () => socket.write(text));
    let heard = '';
    socket.on('error', reject);
    socket.on('close', () => resolve(heard));
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      if (enough.test(heard)) socket.destroy();
    });
  });
}

const call = JSON.stringify({ type: 'GET_HEALTH' });
const subscribe = JSON.stringify({
  type: 'SUBSCRIBE',
  subscribe: { framework_info: { user: 'root', name: 'odd' } },
});
const json = 'Content-Type: application/json\r\n';
const sized = (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`;
const message = 'POST /master/mesos.internal.NoSuchMessage HTTP/1.1\r\nLibprocess-From: a@127.0.0.1:1\r\n';

test.each([
  ['/api/v1/scheduler'],
  ['/master/api/v1/scheduler'],
  ['/api/v1/scheduler/'],
  ['//master//api/v1/scheduler'],
  ['/%6daster/api%2Fv1/scheduler'],
  ['http://127.0.0.1/master/api/v1/scheduler'],
])('a framework subscribes at %s, without a Host and without Accept', async (path) => {
  const answer = await say(`POST ${path} HTTP/1.1\r\n${json}${sized(subscribe)}`, /SUBSCRIBED/);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
});

test('a subscriber of HTTP/1.0 gets the records as they are', async () => {
  const request = `POST /api/v1/scheduler HTTP/1.0\r\nConnection: keep-alive\r\n${json}${sized(subscribe)}`;
  expect(await say(request, /SUBSCRIBED/)).toMatch(/Connection: close\r\n\r\n\d+\n\{"type":"SUBSCRIBED"/);
});

test.each([
  ['sized', `${json}${sized(call)}`],
  [
    'in chunks, with an extension and a trailer',
    `${json}transfer-encoding: chunked\r\n\r\n5;x=y\r\n${call.slice(0, 5)}\r\n${(call.length - 5).toString(16)}\r\n${call.slice(5)}\r\n0\r\nX: y\r\n\r\n`,
  ],
  ['with what browsers accept', `${json}Accept: text/html, image/gif, *; q=.2, */*; q=.2\r\n${sized(call)}`],
])('a call %s is answered with a length', async (_, rest) => {
  const answer = await say(`POST /api/v1 HTTP/1.1\r\nhost: x\r\n${rest}`, /\}\}$/);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toMatch(/Content-Length: 51\r\n/);
});

test('a sender that asks first is told to go on, for a call and for a message', async () => {
  const expects = 'Expect: 100-continue\r\nContent-Length: 3\r\n\r\n';
  const asked = await say(`POST /api/v1 HTTP/1.1\r\n${json}${expects}`, /Continue\r\n\r\n/);
  expect(asked).toMatch(/^HTTP\/1.1 100 Continue/);
  expect(await say(`${message}${expects}`, /Continue\r\n\r\n/)).toMatch(/^HTTP\/1.1 100 Continue/);
});

test('messages and requests follow one another on one connection', async () => {
  const empty = 'Content-Length: 0\r\n\r\n';
  const requests = `${message}${empty}GET /health HTTP/1.1\r\n\r\n${message}${empty}GET /version HTTP/1.1\r\n\r\n`;
  const answer = await say(requests, /"version":/);
  expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual([202, 200, 202, 200].map((status) => `HTTP/1.1 ${status}`));
});

test.each([
  ['/%zz', 400],
  ['//', 404],
  ['/nowhere', 404],
  ['/master/mesos.internal.NoSuchMessage', 404],
])('%s is answered with %i', async (path, status) => {
  const answer = await say(`GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`, /never/);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test('an endpoint that is disabled is so by any path that leads to it', async () => {
  await using strict = await startMaster({
    firewall_rules: JSON.stringify({ disabled_endpoints: { paths: ['/state', '/master/slaves'] } }),
  });
  const statusOf = async (path: string) => (await fetch(`${strict.url}${path}`)).status;
  for (const path of ['/state', '/state/', '//state', '/state/x', '/master/slaves', '/master/slaves/'])
    expect([path, await statusOf(path)]).toEqual([path, 403]);
  expect(await statusOf('/slaves')).toBe(200);
});
