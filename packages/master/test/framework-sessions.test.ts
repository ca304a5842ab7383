/** Frameworks that come back, change, go, or do what they must not: answered as a real master was seen to answer. */
import { connect } from 'node:net';
import { waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OneMaster, startMaster } from './one-master.ts';
import { RawFramework } from './raw-framework.ts';
import { SimulatedAgent } from './simulated-agent.ts';

let master: OneMaster;
let agent: SimulatedAgent;
const closing: RawFramework[] = [];

beforeAll(async () => {
  master = await startMaster();
  agent = await SimulatedAgent.start();
  agent.register(master.service.info?.pid ?? '');
});

afterAll(async () => {
  for (const framework of closing) framework.close();
  await agent?.[Symbol.asyncDispose]();
  await master?.[Symbol.asyncDispose]();
});

const info = {
  ...{ user: 'root', name: 'golden-err', roles: ['err'], failover_timeout: 3600, checkpoint: true },
  capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
};

async function subscribed(more: object = {}, id?: string): Promise<RawFramework> {
  const framework = new RawFramework(master);
  closing.push(framework);
  const own = id === undefined ? {} : { id: { value: id } };
  await framework.subscribe(
    { ...info, ...own, ...more },
    id === undefined ? {} : { framework_id: { value: id } },
  );
  return framework;
}

describe('UPDATE_FRAMEWORK', () => {
  const notValid = 'FrameworkInfo update is not valid: ';

  test.each([
    [
      'change user',
      { user: 'nobody' },
      400,
      `${notValid}Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'nobody'`,
    ],
    [
      'change checkpoint',
      { checkpoint: false },
      400,
      `${notValid}Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from 'true' to 'false'`,
    ],
    [
      'change principal',
      { principal: 'p' },
      400,
      `${notValid}Changing framework's principal is not allowed.`,
    ],
    [
      'without id',
      { id: undefined },
      400,
      "Failed to validate scheduler::Call: 'framework_id' differs from 'update_framework.framework_info.id'",
    ],
    [
      'new label and role',
      { roles: ['err', 'err2'], labels: { labels: [{ key: 'a', value: 'b' }] } },
      200,
      '',
    ],
  ])('%s', async (_what, change, status, text) => {
    const framework = await subscribed();
    const framework_info = { ...info, id: { value: framework.id }, ...change };
    const call = { type: 'UPDATE_FRAMEWORK', update_framework: { framework_info } };
    expect(await framework.call(call)).toEqual({ status, text });
  });
});

test('who is disconnected may not call, and who comes back gets a stream of its own', async () => {
  const first = await subscribed();
  first.close();
  const core = master.service.leading?.core;
  await waitFor(() => core?.state.frameworks.get(first.id)?.connection === undefined, { what: 'the end' });
  expect(await first.call({ type: 'REVIVE' })).toEqual({ status: 403, text: 'Framework is not subscribed' });
  const second = await subscribed({ user: 'nobody', checkpoint: false }, first.id);
  expect(second.events[0]?.type).toBe('SUBSCRIBED');
  expect(core?.state.frameworks.get(first.id)?.info.user).toBe('root');
  const third = await subscribed({}, first.id);
  expect(await second.heard('ERROR')).toEqual({ type: 'ERROR', error: { message: 'Framework failed over' } });
  await waitFor(() => second.hasEnded, { what: 'the old stream to end' });
  expect(await third.call({ type: 'REVIVE' }, second.streamId)).toEqual({
    status: 400,
    text: `The stream ID '${second.streamId}' included in this request didn't match the stream ID currently associated with framework ID ${first.id}`,
  });
  expect(await third.call({ type: 'TEARDOWN' })).toEqual({ status: 202, text: '' });
  const fourth = await subscribed({}, first.id);
  expect(fourth.events[0]).toEqual({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  await waitFor(() => fourth.hasEnded, { what: 'the refused stream to end' });
});

test('changing the principal while coming back is refused', async () => {
  const first = await subscribed();
  const second = await subscribed({ principal: 'p' }, first.id);
  expect(second.events[0]).toEqual({
    type: 'ERROR',
    error: { message: "Changing framework's principal is not allowed." },
  });
  expect(await first.call({ type: 'REVIVE' })).toEqual({ status: 202, text: '' });
});

test('what ended a real master is answered', async () => {
  const framework = await subscribed();
  expect(await framework.call({ type: 'UNKNOWN' })).toEqual({ status: 501, text: '501 Not Implemented.' });
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ type: 'REMOVE_QUOTA', remove_quota: { role: 'noquota' } });
  const answer = await fetch(`${master.url}/api/v1`, { method: 'POST', headers, body });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    "Failed to remove quota for path '/master/quota/noquota': Role 'noquota' has no quota set",
  ]);
  const empty = new RawFramework(master);
  closing.push(empty);
  const event = await empty.subscribe({ ...info, id: { value: '' } }, { framework_id: { value: '' } });
  expect(event.type).toBe('SUBSCRIBED');
});

test('bytes that are no protobuf, and a path below the API', async () => {
  const headers = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
  const url = `${master.url}/api/v1/scheduler`;
  const garbage = await fetch(url, { method: 'POST', headers, body: Buffer.from('\u00ff\u00ff\u00ff') });
  expect([garbage.status, await garbage.text()]).toEqual([400, 'Failed to parse body into Call protobuf']);
  const below = await fetch(`${url}/x`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/plain' },
    body: '{}',
  });
  expect(below.status).toBe(415);
});

describe('those who mean no good', () => {
  const healthy = async () => (await fetch(`${master.url}/health`)).status;

  test('a body beyond the limit is refused, and not kept', async () => {
    const bytes = 1024 * 1024;
    const chunk = Buffer.concat([
      Buffer.from(`${bytes.toString(16)}\r\n`),
      Buffer.alloc(bytes, 0x20),
      Buffer.from('\r\n'),
    ]);
    const status = await new Promise<string>((resolve) => {
      const socket = connect(master.port, master.host);
      let answer = '';
      socket.on('data', (part) => {
        answer += part;
      });
      socket.on('error', () => resolve(answer));
      socket.on('close', () => resolve(answer));
      socket.write(
        'POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      let left = 80;
      const send = () => {
        while (left-- > 0) {
          if (answer !== '') return;
          if (!socket.write(chunk)) {
            socket.once('drain', send);
            return;
          }
        }
        socket.end('0\r\n\r\n');
      };
      send();
    });
    expect(status).toMatch(/^HTTP\/1\.1 413 /);
    expect(await healthy()).toBe(200);
  });

  test('a request that is cut off in its middle leaves nothing', async () => {
    const core = master.service.leading?.core;
    const before = core?.state.frameworks.size;
    const socket = connect(master.port, master.host);
    socket.write(
      'POST /api/v1/scheduler HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"type":"SUBSCRIBE"',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(core?.state.frameworks.size).toBe(before);
    expect(await healthy()).toBe(200);
  });

  test('a flood of calls is answered, one by one, and others get their turn', async () => {
    const framework = await subscribed();
    const calls = Array.from({ length: 500 }, () => framework.call({ type: 'RECONCILE', reconcile: {} }));
    const startedMs = performance.now();
    expect(await healthy()).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([202]));
  });

  test('who does not read loses its stream, and nobody else is held up', async () => {
    const slow = await subscribed();
    const quick = await subscribed();
    slow.response?.pause();
    // Answers to reconciliation of tasks that nobody knows: ten megabytes in each, and none is read.
    const tasks = Array.from({ length: 1_000 }, (_, index) => ({
      task_id: { value: `task-${index}-${'x'.repeat(10_000)}` },
    }));
    const core = master.service.leading?.core;
    const isThere = () => core?.state.frameworks.get(slow.id)?.connection !== undefined;
    for (let round = 0; round < 40 && isThere(); round++) {
      const { status } = await slow.call({ type: 'RECONCILE', reconcile: { tasks } });
      if (status !== 202) break;
    }
    await waitFor(() => !isThere(), { what: 'the stream of the slow reader to end' });
    expect(await quick.call({ type: 'REVIVE' })).toEqual({ status: 202, text: '' });
  });

  test('libprocess messages that are none, or for nobody', async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(master.port, master.host);
      let text = '';
      socket.on('data', (part) => {
        text += part;
        if (text.split('HTTP/1.1').length > 3) socket.destroy();
      });
      socket.on('close', () => resolve(text));
      const head = (to: string, type: string) =>
        `POST /${to}/${type} HTTP/1.1\r\nHost: x\r\nLibprocess-From: slave(1)@127.0.0.1:1\r\nContent-Length: 3\r\n\r\n\xff\xff\xff`;
      socket.write(
        head('master', 'mesos.internal.RegisterSlaveMessage') +
          head('master', 'mesos.internal.NoSuchMessage') +
          head('nobody', 'mesos.internal.PingSlaveMessage'),
        'latin1',
      );
    });
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '202',
      '202',
      '404',
    ]);
    expect(await healthy()).toBe(200);
    expect(master.failures).toEqual([]);
  });
});
