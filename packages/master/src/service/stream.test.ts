/** What leaves on the wire: read from the socket, since a client of HTTP does not show the chunks. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { makeMessage, master } from '@orchestrator/mesos';
import { systemClock } from '@orchestrator/runtime';
import { waitFor } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import { EventStream } from './stream.ts';

const { Event_Type: type, EventSchema } = master;
const server = createServer();

afterEach(() => server.close());

const removed = (id: string) =>
  makeMessage(EventSchema, { type: type.AGENT_REMOVED, agentRemoved: { agentId: { value: id } } });
const heartbeat = makeMessage(EventSchema, { type: type.HEARTBEAT });

async function openStream() {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  let received = '';
  let reads = 0;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString();
    reads++;
  });
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  response.flushHeaders();
  await waitFor(() => received.endsWith('\r\n\r\n'), { what: 'the headers' });
  received = '';
  reads = 0;
  const stream = new EventStream({
    ...{ response, heartbeat, clock: systemClock, heartbeatIntervalMs: 60_000, schema: EventSchema },
    format: 'json',
    ...{ onEnd: () => undefined, onTooSlow: () => undefined },
  });
  return {
    stream,
    socket,
    reads: () => reads,
    /** Bodies of the HTTP chunks. */
    chunks: () => received.split(/\r\n/).filter((_, index) => index % 2 === 1),
  };
}

const recordOf = (json: string) => `${json.length}\n${json}`;
const removedRecord = (id: string) =>
  recordOf(`{"type":"AGENT_REMOVED","agent_removed":{"agent_id":{"value":"${id}"}}}`);

test('events of one turn leave in one write, each in a chunk of its own', async () => {
  const { stream, socket, chunks, reads } = await openStream();
  const ids = Array.from({ length: 20 }, (_, index) => `S${index}`);
  for (const id of ids) stream.send(removed(id));
  await waitFor(() => chunks().length === 20, { what: 'the events' });
  expect(chunks()).toEqual(ids.map(removedRecord));
  expect(reads()).toBe(1);
  socket.destroy();
});

test('an event in parts is one record', async () => {
  const { stream, socket, chunks } = await openStream();
  const body = Buffer.from('{"type":"SUBSCRIBED"}');
  stream.sendEncoded({ parts: [body.subarray(0, 5), body.subarray(5)], bytes: body.length });
  stream.send(heartbeat);
  stream.close();
  await waitFor(() => chunks().length >= 2, { what: 'the events' });
  expect(chunks().slice(0, 2)).toEqual([recordOf('{"type":"SUBSCRIBED"}'), recordOf('{"type":"HEARTBEAT"}')]);
  socket.destroy();
});
