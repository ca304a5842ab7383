import type { FastifyRequest } from 'fastify';
import { MonitorError } from '../errors.ts';

/** `Bearer TOKEN`, or as Scope's probes send it: `Scope-Probe token=TOKEN`. */
function tokenOf({ headers }: FastifyRequest): string {
  const [, bearer, scope] =
    /^(?:bearer (\S+)|scope-probe token=(\S+))$/i.exec(headers.authorization ?? '') ?? [];
  return bearer ?? scope ?? '';
}

/**
 * Before anything of a probe's request is read; `isAuthorised` is called with an empty text if there is no token.
 *
 * @throws MonitorError `unauthenticated`
 */
export const probesOnly = (isAuthorised: (token: string) => boolean) => async (request: FastifyRequest) => {
  if (isAuthorised(tokenOf(request))) return;
  throw new MonitorError('unauthenticated', 'the token of the probe is missing or wrong', {
    remedy: 'send "Authorization: Bearer TOKEN" with one of probes.tokens',
  });
};

/** Empty if the probe does not say. */
export const probeIdOf = ({ headers }: FastifyRequest): string =>
  String(headers['x-scope-probe-id'] ?? '').slice(0, 200);
