import { expect, onTestFinished, test } from 'vitest';
import {
  createSchedulerClient,
  type Leader,
  type MasterDetector,
  type SchedulerClientOptions,
  scheduler,
} from '../src/index.ts';
import { beginEvents, refuse, type ScriptedServer, serve, until } from './scripted-server.ts';

/** A detector that the test leads. */
function createPuppetDetector(
  first: Leader | undefined,
): MasterDetector & { elect(leader: Leader | undefined): void } {
  let leader = first;
  let waiting: (() => void)[] = [];
  return {
    async detect(previous, signal) {
      const aborted = new Promise<never>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      aborted.catch(() => undefined); // it may come when nobody waits any more
      while (leader === previous) {
        await Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), aborted]);
      }
      return leader;
    },
    elect(next) {
      leader = next;
      for (const resolve of waiting.splice(0)) resolve();
      waiting = [];
    },
  };
}

function start(leader: ScriptedServer, options: Partial<SchedulerClientOptions> = {}) {
  const events: scheduler.Event_Type[] = [];
  const losses: string[] = [];
  const detector = createPuppetDetector({ host: leader.host, port: leader.port });
  const client = createSchedulerClient({
    detector,
    frameworkInfo: { user: 'root', name: 'web' },
    firstDelayMs: 1,
    maxDelayMs: 20,
    onEvent: ({ type }) => void events.push(type),
    onDisconnected: (reason) => losses.push(reason instanceof Error ? reason.message : String(reason)),
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, events, losses, detector };
}

const subscribed = {
  type: 'SUBSCRIBED',
  subscribed: { framework_id: { value: 'f-1' }, heartbeat_interval_seconds: 15 },
};
const bodyOf = (server: ScriptedServer, index: number) => JSON.parse(String(server.requests[index]?.body));

test('subscribes, hears events in order, and calls under its stream', async () => {
  const server = await serve(({ body }, response) => {
    if (JSON.parse(String(body)).type === 'SUBSCRIBE')
      beginEvents(response)(subscribed, { type: 'HEARTBEAT' });
    else response.writeHead(202).end();
  });
  const { client, events } = start(server);
  await until(() => events.length === 2);
  expect(events).toEqual([scheduler.Event_Type.SUBSCRIBED, scheduler.Event_Type.HEARTBEAT]);
  expect(client).toMatchObject({ frameworkId: 'f-1', subscribed: true });
  await client.call({ type: scheduler.Call_Type.REVIVE, revive: { roles: ['web'] } });
  expect(server.requests[1]?.headers['mesos-stream-id']).toBe('stream-1');
  expect(bodyOf(server, 1)).toEqual({
    framework_id: { value: 'f-1' },
    type: 'REVIVE',
    revive: { roles: ['web'] },
  });
  client.close();
  await client.done;
});

test('subscribes again with its id when the stream breaks', async () => {
  const server = await serve((_, response) => {
    beginEvents(response)(subscribed);
    if (server.requests.length === 1) response.end();
  });
  const { events, losses } = start(server);
  await until(() => events.length === 2);
  expect(losses[0]).toContain('ended the stream');
  const again = bodyOf(server, 1);
  expect(again.framework_id).toEqual({ value: 'f-1' });
  expect(again.subscribe.framework_info.id).toEqual({ value: 'f-1' });
});

test('goes to the next leader, though the old one still holds the stream', async () => {
  const old = await serve((_, response) => beginEvents(response, 'old')(subscribed));
  const next = await serve(({ body }, response) => {
    if (JSON.parse(String(body)).type === 'SUBSCRIBE') beginEvents(response, 'next')(subscribed);
    else response.writeHead(202).end();
  });
  const { client, events, losses, detector } = start(old);
  await until(() => events.length === 1);
  detector.elect({ host: next.host, port: next.port });
  await until(() => events.length === 2);
  expect(losses).toEqual(['another master leads']);
  await client.call({ type: scheduler.Call_Type.SUPPRESS });
  expect(next.requests[1]?.headers['mesos-stream-id']).toBe('next');
});

test('a call that a master never answers holds nothing back when another one leads', async () => {
  const old = await serve(({ body }, response) => {
    if (JSON.parse(String(body)).type === 'SUBSCRIBE') beginEvents(response, 'old')(subscribed);
  });
  const next = await serve((_, response) => beginEvents(response, 'next')(subscribed));
  const failures: unknown[] = [];
  const { client, detector } = start(old, {
    onEvent: async () => {
      if (failures.length > 0) return;
      await client.call({ type: scheduler.Call_Type.SUPPRESS }).catch((error) => failures.push(error));
    },
  });
  await until(() => old.requests.length === 2);
  detector.elect({ host: next.host, port: next.port });
  await until(() => next.requests.length === 1);
  expect(failures).toMatchObject([{ code: 'outcome-unknown' }]);
});

test('calls go to where the subscription was redirected', async () => {
  const leader = await serve(({ body }, response) => {
    if (JSON.parse(String(body)).type === 'SUBSCRIBE') beginEvents(response)(subscribed);
    else response.writeHead(202).end();
  });
  const follower = await serve((_, response) => {
    response.writeHead(307, { Location: `//127.0.0.1:${leader.port}/master/api/v1/scheduler` }).end();
  });
  const { client, events } = start(follower);
  await until(() => events.length === 1);
  await client.call({ type: scheduler.Call_Type.SUPPRESS });
  expect(follower.requests).toHaveLength(1);
  expect(leader.requests[1]?.path).toBe('/master/api/v1/scheduler');
});

test('a master that goes silent is given up', async () => {
  const server = await serve((_, response) => {
    beginEvents(response)({
      type: 'SUBSCRIBED',
      subscribed: { framework_id: { value: 'f-1' }, heartbeat_interval_seconds: 0.02 },
    });
  });
  const { events, losses } = start(server, { mostMissedHeartbeats: 2 });
  await until(() => events.length >= 2);
  expect(losses[0]).toMatch(/nothing from .* for \d+ ms/);
});

test('a master that recovers is tried until it has', async () => {
  const server = await serve((_, response) => {
    if (server.requests.length < 4) refuse(response, 503, 'Master has not finished recovery');
    else beginEvents(response)(subscribed);
  });
  const { events, losses } = start(server);
  await until(() => events.length === 1);
  expect(losses).toHaveLength(3);
});

test('an event that is worked on holds back the next', async () => {
  const server = await serve((_, response) => beginEvents(response)(subscribed, { type: 'HEARTBEAT' }));
  const worked = Promise.withResolvers<void>();
  const begun: scheduler.Event_Type[] = [];
  start(server, {
    onEvent: async ({ type }) => {
      begun.push(type);
      await worked.promise;
    },
  });
  await until(() => begun.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toHaveLength(1);
  worked.resolve();
  await until(() => begun.length === 2);
});

test('an ERROR event is the end', async () => {
  const server = await serve((_, response) => {
    beginEvents(response)({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  });
  const { client } = start(server);
  await expect(client.done).rejects.toThrow('the master refuses the framework: Framework has been removed');
});

test('a subscription that is not valid is the end', async () => {
  const server = await serve((_, response) => refuse(response, 400, 'no'));
  await expect(start(server).client.done).rejects.toMatchObject({ code: 'invalid' });
});

test('nothing can be called without a subscription', async () => {
  const server = await serve(() => undefined);
  const { client } = start(server);
  await expect(client.call({ type: scheduler.Call_Type.REVIVE })).rejects.toMatchObject({
    code: 'unavailable',
    retryable: true,
  });
});

test('what the handler of events throws is the end', async () => {
  const server = await serve((_, response) => beginEvents(response)(subscribed));
  const { client } = start(server, {
    onEvent: () => {
      throw new Error('a defect');
    },
  });
  await expect(client.done).rejects.toThrow('a defect');
});
