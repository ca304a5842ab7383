/** Calls to whichever server of an etcd cluster answers. */
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { type Clock, createBackoff, type Random, sleep } from '@orchestrator/runtime';
import { closedError, StoreError } from '../errors.ts';
import { duplex, firstAnswer, ready, type Send, unary } from './calls.ts';
import { type Method, methods } from './rpc.ts';
import { judge } from './status.ts';

export interface EtcdTls {
  /** PEM. Default: the system's authorities. */
  ca?: Buffer | string;
  /** PEM, with `key`: a client certificate. */
  cert?: Buffer | string;
  key?: Buffer | string;
}

export interface EtcdAuth {
  user: string;
  password: string;
}

export interface ConnectionOptions {
  /** `host:port` of each server. */
  hosts: readonly string[];
  tls?: EtcdTls;
  auth?: EtcdAuth;
  clock: Clock;
  random: Random;
  /** For a whole call, with its attempts at other servers. */
  requestTimeoutMs: number;
}

/** A server that has not accepted a connection by then is passed over. */
const connectTimeoutMs = 1000;

const channelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Finds out that a server is gone when its machine has no chance to say so.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
};

export type Connection = ReturnType<typeof connect>;

export function connect(options: ConnectionOptions) {
  const { hosts, auth, clock, random, requestTimeoutMs } = options;
  const servers = hosts.map((host) => ({
    host,
    client: new Client(host, security(options.tls), channelOptions),
  }));
  let current = random.below(servers.length);
  let isClosed = false;
  let token: Promise<string> | undefined;

  const server = () => {
    const chosen = servers[current];
    if (chosen === undefined)
      throw new StoreError('a store needs at least one etcd host', { code: 'invalid' });
    return chosen;
  };

  const passOver = (failed: { host: string }) => {
    if (server().host === failed.host) current = (current + 1) % servers.length;
  };

  /** A server with an open connection; nothing has been sent yet when this fails. */
  const connected = async (deadlineMs: number) => {
    const backoff = createBackoff({ firstDelayMs: 20, maxDelayMs: 500, random });
    for (;;) {
      if (isClosed) throw closedError();
      const chosen = server();
      const leftMs = deadlineMs - clock.monotonicMs();
      const waitMs = Math.min(connectTimeoutMs, leftMs);
      const problem = await ready(chosen.client, clock.nowMs() + Math.max(waitMs, 1));
      if (isClosed) throw closedError();
      if (problem === undefined) return chosen;
      passOver(chosen);
      if (clock.monotonicMs() >= deadlineMs) {
        const message = `none of ${hosts.join(', ')} accepts a connection within ${requestTimeoutMs} ms`;
        const remedy = 'check the addresses, TLS settings and that etcd runs';
        throw new StoreError(message, { code: 'unavailable', retryable: true, cause: problem, remedy });
      }
      await sleep(clock, Math.min(backoff.nextDelayMs(), Math.max(leftMs, 1)));
    }
  };

  const metadata = async (): Promise<Metadata> => {
    const headers = new Metadata();
    if (auth === undefined) return headers;
    token ??= perform(
      methods.authenticate,
      { name: auth.user, password: auth.password },
      unary,
      false,
      new Metadata(),
    ).then((answer) => answer.token);
    try {
      headers.set('token', await token);
    } catch (error) {
      token = undefined;
      throw error;
    }
    return headers;
  };

  const perform = async <Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    send: Send,
    isWrite: boolean,
    headers?: Metadata,
  ): Promise<Response> => {
    const deadlineMs = clock.monotonicMs() + requestTimeoutMs;
    const backoff = createBackoff({ firstDelayMs: 20, maxDelayMs: 500, random });
    let renewedToken = false;
    for (;;) {
      const sentHeaders = headers ?? (await metadata());
      const chosen = await connected(deadlineMs);
      const leftMs = deadlineMs - clock.monotonicMs();
      // What can be repeated is not worth waiting for at a server that hangs.
      const attemptMs = isWrite ? leftMs : Math.min(leftMs, requestTimeoutMs / 2);
      try {
        return await send(
          chosen.client,
          method,
          request,
          sentHeaders,
          clock.nowMs() + Math.max(attemptMs, 1),
        );
      } catch (failure) {
        if (isClosed) throw closedError();
        const { error, passing, surelyNotDone, staleToken } = judge(chosen.host, failure, isWrite);
        if (staleToken === true && !renewedToken && headers === undefined) {
          renewedToken = true;
          token = undefined;
          continue;
        }
        if (passing) passOver(chosen);
        if (!passing || (isWrite && !surelyNotDone) || clock.monotonicMs() >= deadlineMs) throw error;
      }
      await sleep(clock, backoff.nextDelayMs());
    }
  };

  return {
    /** A call that changes nothing, or may be made twice: tried again until it succeeds or time is up. */
    read: <Request, Response>(method: Method<Request, Response>, request: Request) =>
      perform(method, request, unary, false),
    /** A call that is repeated only when it was surely not done. */
    write: <Request, Response>(method: Method<Request, Response>, request: Request) =>
      perform(method, request, unary, true),
    /** One question and one answer on a streaming method. */
    exchange: <Request, Response>(method: Method<Request, Response>, request: Request) =>
      perform(method, request, firstAnswer, false),
    /** An open stream, and how to tell what its end meant. */
    async stream<Request, Response>(method: Method<Request, Response>) {
      const headers = await metadata();
      // A server without a quorum would keep the stream open and silent.
      headers.set('hasleader', 'true');
      const chosen = await connected(clock.monotonicMs() + requestTimeoutMs);
      const stream = duplex(chosen.client, method, headers);
      // A reader that has left gets no error any more; without a listener the late one would end the process.
      stream.on('error', () => undefined);
      return {
        stream,
        judge(failure: unknown) {
          const verdict = judge(chosen.host, failure, false);
          if (verdict.staleToken === true) token = undefined;
          if (verdict.passing) passOver(chosen);
          return verdict;
        },
      };
    },
    close() {
      isClosed = true;
      for (const { client } of servers) client.close();
    },
  };
}

function security(tls: EtcdTls | undefined) {
  if (tls === undefined) return credentials.createInsecure();
  const pem = (text: Buffer | string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
}
