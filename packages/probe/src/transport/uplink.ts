import { createBackoff } from '@orchestrator/runtime/backoff';
import { sleep } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { ProbeError } from '../errors.ts';
import { type AppOptions, appName, type GivenApp } from './app-config.ts';
import { grpcSession } from './grpc.ts';
import { httpSession } from './http.ts';
import type { Session, SessionContext, SessionEnd } from './session.ts';

/** While reports go by HTTP, gRPC is tried again this often. */
const grpcRetryMs = 60_000;

export interface Uplink {
  readonly name: string;
  /** The app takes reports. */
  readonly connected: boolean;
  stop(): Promise<void>;
}

/**
 * Keeps a connection to one app: gRPC, and HTTP where that does not get through and the app has an address for it. Waits longer
 * and longer between attempts, up to 15 s; meanwhile nothing is queued and nothing is compared.
 *
 * @throws ProbeError `invalid` for an app without any address
 */
export function startUplink(
  app: GivenApp,
  context: Omit<SessionContext, 'accepted'>,
  random: Random = systemRandom,
): Uplink {
  const appNow = typeof app === 'function' ? app : () => app;
  const { grpc, http } = appNow();
  if (grpc === undefined && http === undefined) {
    throw new ProbeError('an app has neither a gRPC address nor a URL', {
      code: 'invalid',
      remedy: 'give it one of grpc: host:port and http: https://host:port',
    });
  }
  const abort = new AbortController();
  const name = appName({ grpc, http });
  let connected = false;
  const session: SessionContext = {
    ...context,
    accepted() {
      connected = true;
      context.logger.info('an app takes reports', { app: name });
    },
  };
  const round = async (): Promise<SessionEnd> => {
    try {
      return await oneRound(appNow(), session, abort.signal);
    } catch (error) {
      return { wasAccepted: connected, error };
    } finally {
      connected = false;
    }
  };
  const running = keepConnected({ name, round, context: session, random, signal: abort.signal });
  return {
    name,
    get connected() {
      return connected;
    },
    async stop() {
      abort.abort();
      await running;
    },
  };
}

interface Connecting {
  readonly name: string;
  readonly round: () => Promise<SessionEnd>;
  readonly context: SessionContext;
  readonly random: Random;
  readonly signal: AbortSignal;
}

async function keepConnected({ name, round, context, random, signal }: Connecting): Promise<void> {
  const { clock, logger } = context;
  const backoff = createBackoff({ firstDelayMs: 250, maxDelayMs: 15_000, random });
  let said = '';
  while (!signal.aborted) {
    const { wasAccepted, error } = await round();
    if (signal.aborted) return;
    if (wasAccepted) {
      backoff.reset();
      said = '';
    }
    const message = error instanceof Error ? error.message : 'it ended the connection';
    // Once for each reason: an app may be away for days.
    if (message !== said) logger.warn('no connection to an app', { app: name, reason: message });
    said = message;
    await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // ends the loop above
  }
}

/** gRPC if there is an address for it; if that did not get as far as a welcome, HTTP for a while. */
async function oneRound(app: AppOptions, context: SessionContext, signal: AbortSignal): Promise<SessionEnd> {
  const overGrpc = app.grpc === undefined ? undefined : await grpcSession(app)(context, signal);
  if (overGrpc?.wasAccepted === true || app.http === undefined || signal.aborted)
    return overGrpc ?? { wasAccepted: false, error: undefined };
  if (overGrpc === undefined) return httpSession(app)(context, signal);
  return forAWhile(httpSession(app), context, signal);
}

async function forAWhile(
  session: Session,
  context: SessionContext,
  signal: AbortSignal,
): Promise<SessionEnd> {
  const until = new AbortController();
  const timer = context.clock.after(grpcRetryMs, () => until.abort());
  try {
    return await session(context, AbortSignal.any([signal, until.signal]));
  } finally {
    timer.cancel();
  }
}
