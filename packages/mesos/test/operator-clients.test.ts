import { freePorts } from '@orchestrator/testing';
import { describe, expect, test } from 'vitest';
import {
  agent,
  createAgentClient,
  createFixedDetector,
  createHostListDetector,
  createMasterClient,
  createRecordDecoder,
  encodeBody,
  encodeRecord,
  makeMessage,
  master,
  type TransportOptions,
} from '../src/index.ts';
import { beginEvents, refuse, type ScriptedServer, serve } from './scripted-server.ts';

const clientOf = (leader: ScriptedServer, options: TransportOptions = {}) =>
  createMasterClient({ ...options, detector: createFixedDetector({ host: leader.host, port: leader.port }) });

const health = makeMessage(master.ResponseSchema, {
  type: master.Response_Type.GET_HEALTH,
  getHealth: { healthy: true },
});

describe('calls to a master', () => {
  test.each(['json', 'protobuf'] as const)('in %s', async (format) => {
    const server = await serve((_, response) =>
      response.end(encodeBody(format, master.ResponseSchema, health)),
    );
    const client = clientOf(server, { format, authorization: 'Basic x' });
    expect(await client.call({ type: master.Call_Type.GET_HEALTH })).toEqual(health);
    expect(server.requests[0]).toMatchObject({
      path: '/api/v1',
      headers: {
        'content-type': format === 'json' ? 'application/json' : 'application/x-protobuf',
        authorization: 'Basic x',
      },
    });
  });

  test('go where a master that does not lead sends them, body and all', async () => {
    const leader = await serve((_, response) =>
      response.end('{"type":"GET_HEALTH","get_health":{"healthy":true}}'),
    );
    const follower = await serve((_, response) => {
      response.writeHead(307, { Location: `//127.0.0.1:${leader.port}/master/api/v1` }).end();
    });
    expect((await clientOf(follower).call({ type: master.Call_Type.GET_HEALTH }))?.getHealth?.healthy).toBe(
      true,
    );
    expect(leader.requests).toMatchObject([
      { path: '/master/api/v1', body: Buffer.from('{"type":"GET_HEALTH"}') },
    ]);
  });

  test('end where masters send each other in circles', async () => {
    const server: ScriptedServer = await serve((_, response) => {
      response.writeHead(307, { Location: `//127.0.0.1:${server.port}/api/v1` }).end();
    });
    const call = clientOf(server).call({ type: master.Call_Type.GET_HEALTH });
    await expect(call).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    expect(server.requests).toHaveLength(4);
  });

  test('that have no answer give none', async () => {
    const server = await serve((_, response) => response.writeHead(202).end());
    expect(await clientOf(server).call({ type: master.Call_Type.TEARDOWN })).toBeUndefined();
  });

  test.each([
    [400, 'invalid', false],
    [401, 'unauthenticated', false],
    [403, 'forbidden', false],
    [404, 'not-found', false],
    [409, 'conflict', false],
    [503, 'unavailable', true],
  ])('that are answered %d', async (status, code, retryable) => {
    const server = await serve((_, response) => refuse(response, status, 'the reason'));
    const call = clientOf(server).call({ type: master.Call_Type.GET_HEALTH });
    await expect(call).rejects.toMatchObject({
      code,
      retryable,
      message: expect.stringContaining(': the reason'),
    });
  });

  test('to nobody', async () => {
    const [port] = await freePorts(1);
    const client = createMasterClient({
      detector: createFixedDetector({ host: '127.0.0.1', port: port ?? 0 }),
    });
    const call = client.call({ type: master.Call_Type.GET_HEALTH });
    await expect(call).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  });

  test('whose connection breaks before the answer', async () => {
    const server = await serve((_, response) => response.destroy());
    const call = clientOf(server).call({ type: master.Call_Type.GET_HEALTH });
    await expect(call).rejects.toMatchObject({ code: 'outcome-unknown', retryable: false });
  });

  test('with an answer that is too large', async () => {
    const server = await serve((_, response) => response.end('x'.repeat(1_000)));
    const call = clientOf(server, { largestAnswerBytes: 999 }).call({ type: master.Call_Type.GET_STATE });
    await expect(call).rejects.toMatchObject({ code: 'limit' });
  });
});

test('events of a master, until it ends the stream', async () => {
  const server = await serve((_, response) => {
    const send = beginEvents(response);
    send({ type: 'SUBSCRIBED' }, { type: 'HEARTBEAT' });
    response.end();
  });
  const events: number[] = [];
  for await (const { type } of clientOf(server).events()) events.push(type);
  expect(events).toEqual([master.Event_Type.SUBSCRIBED, master.Event_Type.HEARTBEAT]);
});

test('a stream that breaks inside a record', async () => {
  const server = await serve((_, response) => {
    response.write('20\n{"type":');
    response.end();
  });
  await expect(clientOf(server).events().next()).rejects.toThrow(
    'the stream ended inside a record, 12 bytes early',
  );
});

describe('a list of masters', () => {
  test('the first that knows says who leads', async () => {
    const [dead] = await freePorts(1);
    const lost = await serve((_, response) => refuse(response, 503, 'No leader elected'));
    const knows = await serve((_, response) =>
      response.writeHead(307, { Location: '//10.0.0.9:5050' }).end(),
    );
    const masters = [`127.0.0.1:${dead}`, `127.0.0.1:${lost.port}`, `127.0.0.1:${knows.port}`];
    const detector = createHostListDetector({ masters });
    expect(await detector.detect(undefined)).toEqual({ host: '10.0.0.9', port: 5050 });
    expect(lost.requests).toMatchObject([{ path: '/redirect' }]);
  });

  test('a change is noticed, and so is that nobody leads', async () => {
    const answers = [307, 307, 503];
    const server = await serve((_, response) => {
      const status = answers.shift() ?? 503;
      if (status === 307) response.writeHead(307, { Location: '//10.0.0.9:5050' }).end();
      else refuse(response, status, 'No leader elected');
    });
    const detector = createHostListDetector({ masters: [`127.0.0.1:${server.port}`], intervalMs: 5 });
    const leader = await detector.detect(undefined);
    expect(leader?.port).toBe(5050);
    expect(await detector.detect(leader)).toBeUndefined();
  });

  test('asking ends with the signal', async () => {
    const server = await serve((_, response) => refuse(response, 503, 'No leader elected'));
    const detector = createHostListDetector({ masters: [`127.0.0.1:${server.port}`], intervalMs: 5 });
    const controller = new AbortController();
    const asked = detector.detect(undefined, controller.signal);
    controller.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});

describe('an agent', () => {
  const containerId = { value: 'c' };

  test('output of a container', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, {
        'Content-Type': 'application/recordio',
        'Message-Content-Type': 'application/json',
      });
      response.end(encodeRecord('{"type":"DATA","data":{"type":"STDOUT","data":"aGk="}}'));
    });
    const client = createAgentClient({ agent: server });
    const output: string[] = [];
    const call = { type: agent.Call_Type.ATTACH_CONTAINER_OUTPUT, attachContainerOutput: { containerId } };
    for await (const { data } of client.output(call)) output.push(Buffer.from(data?.data ?? []).toString());
    expect(output).toEqual(['hi']);
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/recordio',
      'message-accept': 'application/json',
    });
  });

  test('input of a container', async () => {
    const server = await serve((_, response) => response.end());
    const client = createAgentClient({ agent: server });
    const { ATTACH_CONTAINER_INPUT: type } = agent.Call_Type;
    await client.input([
      {
        type,
        attachContainerInput: { type: agent.Call_AttachContainerInput_Type.CONTAINER_ID, containerId },
      },
      { type, attachContainerInput: { type: agent.Call_AttachContainerInput_Type.PROCESS_IO } },
    ]);
    const [request] = server.requests;
    expect(request?.headers).toMatchObject({
      'content-type': 'application/recordio',
      'message-content-type': 'application/json',
    });
    const records = createRecordDecoder().push(request?.body ?? Buffer.alloc(0));
    expect(records.map((record) => JSON.parse(String(record)).attach_container_input.type)).toEqual([
      'CONTAINER_ID',
      'PROCESS_IO',
    ]);
  });
});
