import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { freePorts } from '@orchestrator/testing';
import { afterEach, expect, test } from 'vitest';
import {
  authenticate,
  authentication,
  createAuthenticator,
  createLibprocess,
  createSharedServer,
  type Libprocess,
  makeMessage,
  onMessage,
  routeMessages,
} from '../src/index.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function startNode(): Promise<{ libprocess: Libprocess; server: Server }> {
  const [port] = await freePorts(1);
  const libprocess = createLibprocess({ address: { host: '127.0.0.1', port: port ?? 0 } });
  const server = createSharedServer({ libprocess, http: createHttpServer() });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  closers.push(() => {
    libprocess.close();
    server.close();
  });
  return { libprocess, server };
}

/** A master that authenticates whoever asks, and what came of it. */
async function startMaster() {
  const { libprocess } = await startNode();
  const secrets = new Map([['ag', 'agsecret']]);
  const authenticator = createAuthenticator({ libprocess, secretOf: (principal) => secrets.get(principal) });
  const outcomes: [pid: string, principal: string | undefined | Error][] = [];
  const master = libprocess.spawn(
    'master',
    routeMessages([
      onMessage(authentication.AuthenticateMessageSchema, ({ pid }, from) => {
        authenticator.authenticate(from).then(
          (principal) => outcomes.push([pid, principal]),
          (error: Error) => outcomes.push([pid, error]),
        );
      }),
    ]),
  );
  return { master, outcomes };
}

test('who knows the secret is known by its principal', async () => {
  const { master, outcomes } = await startMaster();
  const { libprocess } = await startNode();
  const agent = libprocess.spawn('slave(1)', () => undefined);
  const options = { libprocess, master: master.pid, client: agent.pid, principal: 'ag' };
  expect(await authenticate({ ...options, secret: 'agsecret' })).toBe(true);
  expect(await authenticate({ ...options, secret: 'wrong' })).toBe(false);
  expect(await authenticate({ ...options, principal: 'nobody', secret: 'x' })).toBe(false);
  const pid = `slave(1)@127.0.0.1:${agent.pid.port}`;
  expect(outcomes).toEqual([
    [pid, 'ag'],
    [pid, undefined],
    [pid, undefined],
  ]);
});

test("many at once do not get in each other's way", async () => {
  const { master } = await startMaster();
  const { libprocess } = await startNode();
  const options = { libprocess, master: master.pid, client: { id: 'slave(1)', ...libprocess.address } };
  const secrets = Array.from({ length: 50 }, (_, count) => (count % 3 === 0 ? 'wrong' : 'agsecret'));
  const verdicts = await Promise.all(
    secrets.map((secret) => authenticate({ ...options, principal: 'ag', secret })),
  );
  expect(verdicts).toEqual(secrets.map((secret) => secret === 'agsecret'));
});

test('a master that answers nothing', async () => {
  const { libprocess: silent } = await startNode();
  const { libprocess } = await startNode();
  const master = silent.spawn('master', () => undefined);
  const options = { libprocess, master: master.pid, client: master.pid, principal: 'ag', secret: 's' };
  await expect(authenticate({ ...options, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'timeout',
    retryable: true,
  });
});

test('a master that is not there', async () => {
  const { libprocess } = await startNode();
  const [port] = await freePorts(1);
  const master = { id: 'master', host: '127.0.0.1', port: port ?? 0 };
  const options = { libprocess, master, client: master, principal: 'ag', secret: 's' };
  await expect(authenticate(options)).rejects.toMatchObject({ code: 'unavailable' });
});

test('steps out of order are refused with a reason', async () => {
  const { master, outcomes } = await startMaster();
  const { libprocess } = await startNode();
  const refused = Promise.withResolvers<string>();
  const rude = libprocess.spawn(
    'rude',
    routeMessages([
      onMessage(authentication.AuthenticationMechanismsMessageSchema, (_, session) => {
        const step = makeMessage(authentication.AuthenticationStepMessageSchema, { data: new Uint8Array(1) });
        rude.send(session, authentication.AuthenticationStepMessageSchema, step);
      }),
      onMessage(authentication.AuthenticationErrorMessageSchema, ({ error }) => refused.resolve(error)),
    ]),
  );
  const request = makeMessage(authentication.AuthenticateMessageSchema, { pid: 'rude@127.0.0.1:1' });
  rude.send(master.pid, authentication.AuthenticateMessageSchema, request);
  expect(await refused.promise).toBe("Unexpected authentication 'step' received");
  expect(outcomes).toEqual([['rude@127.0.0.1:1', expect.objectContaining({ code: 'invalid' })]]);
});
