/**
 * The control and pipe WebSockets that probes of Scope open: `WS /api/control/ws` and `WS /api/pipe/{id}/probe`. With them, such a
 * probe does what is asked for as one of ours does over its stream.
 */
import type { HttpServer } from '@orchestrator/runtime';
import type { Switchboard } from '../control/switchboard.ts';
import { MonitorError } from '../errors.ts';
import { createScopeLink, requireProbeId, type ScopeLink } from '../ingest/scope-link.ts';
import { probeIdOf, probesOnly } from './probe-token.ts';
import type { Services } from './services.ts';

export interface ScopeControlServices extends Services {
  readonly switchboard: Switchboard;
  /** Whether a probe's token is right. */
  readonly isAuthorised: (token: string) => boolean;
}

/** Probes of Scope with a control connection, at once. */
const probeLimit = 1_000;
/** They say something each 33 s; one that is silent for longer is gone. */
const silentMs = 100_000;
const [policyViolation, tryAgainLater] = [1008, 1013];

type Message = Buffer | ArrayBuffer | Buffer[];
const bytesOf = (data: Message): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);

export function scopeControlRoutes({ fastify }: HttpServer, services: ScopeControlServices): void {
  const { appId, clock, logger, pipes, switchboard } = services;
  const links = new Map<string, ScopeLink>();
  const isProbe = probesOnly(services.isAuthorised);
  const route = { websocket: true, config: { role: 'anyone' as const }, schema: { hide: true } } as const;

  fastify.get(
    '/api/control/ws',
    {
      ...route,
      onRequest: async (request) => {
        await isProbe(request);
        requireProbeId(probeIdOf(request));
      },
    },
    (socket, request) => {
      const probeId = probeIdOf(request);
      if (links.size >= probeLimit && !links.has(probeId)) {
        socket.close(tryAgainLater, `more than ${probeLimit} probes of Scope`);
        return;
      }
      const link = createScopeLink({ probeId, appId, socket, pipes, clock });
      const detach = switchboard.attach(link);
      links.set(probeId, link);
      let silence = clock.after(silentMs, () => socket.terminate(), { background: true });
      const heard = () => {
        silence.cancel();
        silence = clock.after(silentMs, () => socket.terminate(), { background: true });
      };
      logger.info('a probe of Scope takes controls', { probe: probeId });
      socket.on('ping', heard);
      socket.on('error', (error) => logger.warn('the controls of a probe broke', { probe: probeId, error }));
      socket.on('message', (data) => {
        heard();
        try {
          link.received(bytesOf(data).toString());
        } catch (error) {
          if (!(error instanceof MonitorError)) throw error;
          socket.close(policyViolation, error.message);
        }
      });
      socket.on('close', () => {
        silence.cancel();
        if (links.get(probeId) === link) links.delete(probeId);
        detach();
        link.lost();
      });
    },
  );

  fastify.get(
    '/api/pipe/:id/probe',
    {
      ...route,
      onRequest: async (request) => {
        await isProbe(request);
        const { id } = request.params as { id: string };
        if (links.get(probeIdOf(request))?.expects(id) === true) return;
        // A probe that is told so does not try again.
        throw new MonitorError('not-found', `pipe ${id.slice(0, 200)} is not open`);
      },
    },
    (socket, request) => {
      const { id } = request.params as { id: string };
      const end = links.get(probeIdOf(request))?.connectPipe(id, socket);
      if (end === undefined) {
        socket.close(tryAgainLater, 'the probe is not connected');
        return;
      }
      socket.on('error', (error) => logger.debug('a pipe of a probe broke', { pipe: id, error }));
      socket.on('message', (data) => end.received(bytesOf(data)));
      socket.on('close', end.closed);
    },
  );
}
