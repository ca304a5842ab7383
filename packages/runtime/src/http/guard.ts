import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OrchestratorError } from '../errors.ts';
import { type Authenticate, type Principal, permits, type Role } from './auth.ts';
import { checkOrigin, type OriginPolicy } from './origin.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may; `viewer` where a route does not say. */
    role?: Role | 'anyone';
  }
  interface FastifyRequest {
    principal?: Principal;
  }
}

/**
 * Browsers answer a Basic challenge to a page's own script with a dialog of theirs, and the script waits behind it. Pages have
 * a login of their own, and say by this header that they are scripts.
 */
const challengeOf = ({ headers }: FastifyRequest): string =>
  `${headers['x-requested-with'] === undefined ? 'Basic' : 'Bearer'} realm="orchestrator", charset="UTF-8"`;

/** Nothing is looked at, not even the body, before it is known who asks. */
export function guard(fastify: FastifyInstance, authenticate: Authenticate, policy: OriginPolicy): void {
  fastify.addHook('onRequest', async (request, reply) => {
    checkOrigin(request.raw, policy);
    const role = request.routeOptions.config.role ?? 'viewer';
    if (role === 'anyone') return;
    const principal = authenticate(request.raw);
    if (principal === undefined) {
      reply.header('WWW-Authenticate', challengeOf(request));
      throw new OrchestratorError('credentials are missing or wrong', {
        code: 'unauthenticated',
        remedy: 'send a bearer token, or user and password',
      });
    }
    if (!permits(principal, role)) {
      throw new OrchestratorError(`${principal.name} is ${principal.role}, this needs ${role}`, {
        code: 'forbidden',
      });
    }
    request.principal = principal;
  });
}

/** Who asks, behind the guard. */
export function principalOf({ principal, url }: FastifyRequest): Principal {
  if (principal === undefined) throw new Error(`${url} was reached without a principal`);
  return principal;
}
