import { create } from '@bufbuild/protobuf';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { MesosError } from '../errors.ts';
import {
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
import { mechanism, principalOf } from './cram-md5.ts';

export interface AuthenticatorOptions {
  libprocess: Libprocess;
  /** The secret of a principal; undefined for one that nobody knows. */
  secretOf: (principal: string) => string | undefined;
  /** For the whole exchange. Default 15 000. */
  timeoutMs?: number;
  /** Exchanges at a time. Default 10 000. */
  mostSessions?: number;
  /** Shown in the challenge. Default the node's host. */
  hostname?: string;
  clock?: Clock;
  random?: Random;
}

/** The side that wants proof: a master's. */
export interface Authenticator {
  /**
   * Answers an `AuthenticateMessage` that came from `authenticatee`. Resolves to the principal, or to undefined when the
   * secret was wrong. Rejects with `MesosError` when the exchange went wrong, took too long, or one with the same peer
   * is under way. Each exchange has a process of its own, which is gone afterwards.
   */
  authenticate(authenticatee: Upid): Promise<string | undefined>;
}

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { libprocess, secretOf, timeoutMs = 15_000, mostSessions = 10_000 } = options;
  const { hostname = libprocess.address.host, clock = systemClock, random = systemRandom } = options;
  const active = new Set<string>();
  let sessions = 0;

  const newChallenge = () => `<${random.below(2 ** 32)}.${random.below(2 ** 32)}@${hostname}>`;

  function runSession(authenticatee: Upid): Promise<string | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    let challenge: string | undefined;
    sessions += 1;

    const fail = (reason: string, code: 'invalid' | 'timeout' | 'unavailable') =>
      reject(new MesosError(`authentication of ${formatUpid(authenticatee)}: ${reason}`, { code }));

    function refuse(reason: string): void {
      session.send(
        authenticatee,
        AuthenticationErrorMessageSchema,
        create(AuthenticationErrorMessageSchema, { error: reason }),
      );
      fail(reason, 'invalid');
    }

    const routes = [
      onMessage(AuthenticationStartMessageSchema, (start) => {
        if (challenge !== undefined) return refuse("Unexpected authentication 'start' received");
        if (start.mechanism !== mechanism)
          return refuse(`mechanism '${start.mechanism}' is not ${mechanism}`);
        challenge = newChallenge();
        const step = create(AuthenticationStepMessageSchema, { data: Buffer.from(challenge) });
        session.send(authenticatee, AuthenticationStepMessageSchema, step);
      }),
      onMessage(AuthenticationStepMessageSchema, (step) => {
        if (challenge === undefined) return refuse("Unexpected authentication 'step' received");
        const principal = principalOf(challenge, Buffer.from(step.data).toString(), secretOf);
        const verdict =
          principal === undefined ? AuthenticationFailedMessageSchema : AuthenticationCompletedMessageSchema;
        session.send(authenticatee, verdict, create(verdict));
        resolve(principal);
      }),
    ];
    const session = libprocess.spawn(`crammd5-authenticator-session(${sessions})`, routeMessages(routes));
    const timer = clock.after(timeoutMs, () => fail(`took longer than ${timeoutMs} ms`, 'timeout'));
    try {
      session.link(authenticatee, (error) => fail(error?.message ?? 'the connection broke', 'unavailable'));
      const mechanisms = create(AuthenticationMechanismsMessageSchema, { mechanisms: [mechanism] });
      session.send(authenticatee, AuthenticationMechanismsMessageSchema, mechanisms);
    } catch (error) {
      reject(error);
    }
    return promise.finally(() => {
      timer.cancel();
      session.close();
    });
  }

  return {
    async authenticate(authenticatee) {
      const key = formatUpid(authenticatee);
      if (active.has(key)) {
        throw new MesosError(`authentication of ${key} is under way already`, { code: 'conflict' });
      }
      if (active.size >= mostSessions) {
        throw new MesosError(`${mostSessions} authentications are under way`, {
          code: 'limit',
          retryable: true,
        });
      }
      active.add(key);
      try {
        return await runSession(authenticatee);
      } finally {
        active.delete(key);
      }
    },
  };
}
