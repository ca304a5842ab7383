import { create } from '@bufbuild/protobuf';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { MesosError } from '../errors.ts';
import {
  AuthenticateMessageSchema,
  AuthenticationCompletedMessageSchema,
  AuthenticationErrorMessageSchema,
  AuthenticationFailedMessageSchema,
  AuthenticationMechanismsMessageSchema,
  AuthenticationStartMessageSchema,
  AuthenticationStepMessageSchema,
} from '../generated/mesos/internal/authentication_pb.ts';
import type { Libprocess } from '../libprocess/libprocess.ts';
import { onMessage, routeMessages } from '../libprocess/routes.ts';
import { formatUpid, type Upid } from '../libprocess/upid.ts';
import { mechanism, responseTo } from './cram-md5.ts';

export interface AuthenticateOptions {
  libprocess: Libprocess;
  /** Who wants proof. */
  master: Upid;
  /** Who is to be known as the principal afterwards: the agent, or the driver. */
  client: Upid;
  principal: string;
  secret: string;
  /** Default 5 000, as real agents and drivers have it. */
  timeoutMs?: number;
  clock?: Clock;
}

const counts = new WeakMap<Libprocess, number>();

/** Ids as real ones are: `crammd5-authenticatee(1)`. */
function nextId(libprocess: Libprocess): string {
  const count = (counts.get(libprocess) ?? 0) + 1;
  counts.set(libprocess, count);
  return `crammd5-authenticatee(${count})`;
}

/**
 * Proves to a master that `client` knows the secret of its principal. Resolves to false when the master says that it does
 * not: trying again with the same secret is of no use. Rejects with `MesosError` (`retryable`) when the exchange went
 * wrong, the connection broke or no verdict came in time.
 */
export function authenticate(options: AuthenticateOptions): Promise<boolean> {
  const { libprocess, master, client, principal, secret, timeoutMs = 5_000, clock = systemClock } = options;
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  let state: 'starting' | 'stepping' = 'starting';

  const fail = (reason: string, code: 'invalid' | 'timeout' | 'unavailable') => {
    const message = `authentication of "${principal}" at ${formatUpid(master)}: ${reason}`;
    reject(new MesosError(message, { code, retryable: true }));
  };

  const routes = [
    onMessage(AuthenticationMechanismsMessageSchema, ({ mechanisms }, session) => {
      if (state !== 'starting') return fail("unexpected 'mechanisms'", 'invalid');
      if (!mechanisms.includes(mechanism)) {
        return fail(
          `the master offers ${mechanisms.join(', ') || 'no mechanism'}, not ${mechanism}`,
          'invalid',
        );
      }
      state = 'stepping';
      const start = create(AuthenticationStartMessageSchema, { mechanism, data: new Uint8Array() });
      authenticatee.send(session, AuthenticationStartMessageSchema, start);
    }),
    onMessage(AuthenticationStepMessageSchema, ({ data }, session) => {
      if (state !== 'stepping') return fail("unexpected 'step'", 'invalid');
      const response = responseTo(Buffer.from(data).toString(), principal, secret);
      const step = create(AuthenticationStepMessageSchema, { data: Buffer.from(response) });
      authenticatee.send(session, AuthenticationStepMessageSchema, step);
    }),
    onMessage(AuthenticationCompletedMessageSchema, () => {
      if (state === 'stepping') resolve(true);
      else fail("unexpected 'completed'", 'invalid');
    }),
    onMessage(AuthenticationFailedMessageSchema, () => resolve(false)),
    onMessage(AuthenticationErrorMessageSchema, ({ error }) => fail(error, 'invalid')),
  ];
  const authenticatee = libprocess.spawn(nextId(libprocess), routeMessages(routes));
  const timer = clock.after(timeoutMs, () => fail(`no verdict within ${timeoutMs} ms`, 'timeout'));
  try {
    authenticatee.link(master, (error) => fail(error?.message ?? 'the connection broke', 'unavailable'));
    authenticatee.send(
      master,
      AuthenticateMessageSchema,
      create(AuthenticateMessageSchema, { pid: formatUpid(client) }),
    );
  } catch (error) {
    reject(error);
  }
  return promise.finally(() => {
    timer.cancel();
    authenticatee.close();
  });
}
