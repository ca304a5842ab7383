import type { IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { diffReports, emptyReport, encodeReport, type Report } from '@orchestrator/report';
import { ProbeError } from '../errors.ts';
import { Agent as PlainAgent, request as plainRequest } from '../node-http.ts';
import type { AppOptions } from './app-config.ts';
import { createPacer } from './pacer.ts';
import type { Session, SessionContext } from './session.ts';

const compress = promisify(gzip);
const answerTimeoutMs = 10_000;
/** Reports are not sent closer together than this: each is a request of its own. */
const betweenReportsMs = 1_000;
/** Where nothing happens, an empty report says that the probe is there. */
const heartbeatMs = 10_000;

/** The app has no full report of this probe, as after its restart. */
const needsFull = 409;

/** Keeps one connection to the app open between reports. */
function posterTo({ http = '', tls, token }: AppOptions) {
  const url = new URL('/api/report', http);
  const isTls = url.protocol === 'https:';
  const agent = isTls
    ? new TlsAgent({ ...tls, keepAlive: true, maxSockets: 1 })
    : new PlainAgent({ keepAlive: true, maxSockets: 1 });
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return {
    /** Resolves to the status of the answer. */
    async post(probeId: string, bytes: Uint8Array): Promise<number> {
      const body = await compress(bytes);
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const options = {
          method: 'POST',
          agent,
          timeout: answerTimeoutMs,
          headers: { ...headers, 'x-scope-probe-id': probeId },
        };
        const sending = (isTls ? tlsRequest : plainRequest)(url, options, resolve);
        sending.once('timeout', () => sending.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
        sending.once('error', reject);
        sending.end(body);
      });
      answer.resume();
      return answer.statusCode ?? 0;
    },
    close: () => agent.destroy(),
  };
}

/**
 * Reports by `POST /api/report`, for networks where a stream does not get through. One way: controls and pipes need gRPC.
 * The session lasts until a request fails.
 */
export function httpSession(app: AppOptions): Session {
  return async (context, signal) => {
    const poster = posterTo(app);
    let wasAccepted = false;
    try {
      for await (const _ of rounds(context, app, poster, signal)) {
        if (!wasAccepted) context.accepted();
        wasAccepted = true;
      }
      return { wasAccepted, error: undefined };
    } catch (error) {
      return { wasAccepted, error };
    } finally {
      poster.close();
    }
  };
}

/** Yields after each report that the app has taken. */
async function* rounds(
  context: SessionContext,
  app: AppOptions,
  poster: ReturnType<typeof posterTo>,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const { probeId } = context;
  let sent: Report = emptyReport;
  let full = true;
  while (!signal.aborted) {
    const change = nextChange(context, signal);
    const current = context.current();
    const report = full ? current : diffReports(sent, current);
    const status = await poster.post(probeId, encodeReport({ probeId, full, report }));
    if (status === needsFull && !full) {
      full = true;
      change.cancel();
      continue;
    }
    if (status >= 300) {
      change.cancel();
      throw refusal(app, status);
    }
    sent = current;
    full = false;
    yield;
    await change.happened;
  }
}

function refusal({ http }: AppOptions, status: number): ProbeError {
  const isAuth = status === 401 || status === 403;
  return new ProbeError(`the app at ${http} answered a report with ${status}`, {
    code: isAuth ? 'unauthenticated' : 'unavailable',
    retryable: !isAuth,
    ...(isAuth ? { remedy: 'check the token of this probe' } : {}),
  });
}

/** Resolves when something has changed and the last report is long enough ago, at the latest for a heartbeat. */
function nextChange({ clock, onChange }: SessionContext, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const startMs = clock.monotonicMs();
  const pacer = createPacer(clock, () => {
    const leftMs = betweenReportsMs - (clock.monotonicMs() - startMs);
    if (leftMs <= 0) cancel();
    else timers.push(clock.after(leftMs, cancel));
  });
  const timers = [clock.after(heartbeatMs, () => cancel())];
  const unsubscribe = onChange(pacer.changed);
  const cancel = () => {
    pacer.stop();
    unsubscribe();
    signal.removeEventListener('abort', cancel);
    for (const timer of timers) timer.cancel();
    resolve();
  };
  signal.addEventListener('abort', cancel, { once: true });
  return { happened: promise, cancel };
}
