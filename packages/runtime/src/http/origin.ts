/**
 * Browsers send along what they know of the user to any address that a page names. What a page of another origin asks
 * for is refused here, and so is a name that was made to point to this machine.
 */
import type { IncomingMessage } from 'node:http';
import { OrchestratorError } from '../errors.ts';

export interface OriginPolicy {
  /** `https://console.example:8443`, besides the server's own. */
  allowedOrigins: readonly string[];
  /** Only the names of the loopback address may be asked for: the policy of servers without authentication. */
  loopbackNamesOnly: boolean;
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

const withoutPort = (host: string) => host.replace(/:\d+$/, '').toLowerCase();

/** @throws OrchestratorError `forbidden` */
export function checkOrigin(request: IncomingMessage, policy: OriginPolicy): void {
  const { host = '', origin } = request.headers;
  if (policy.loopbackNamesOnly && !loopbackHosts.has(withoutPort(host))) {
    throw new OrchestratorError(
      `this server has no authentication and does not answer to the name "${host}"`,
      {
        code: 'forbidden',
        remedy: 'use localhost or 127.0.0.1, or turn authentication on',
      },
    );
  }
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (origin === undefined || (reads && request.headers.upgrade === undefined)) return;
  if (policy.allowedOrigins.includes(origin) || hostOf(origin) === host.toLowerCase()) return;
  throw new OrchestratorError(`requests from pages of ${origin} are not accepted`, {
    code: 'forbidden',
    remedy: 'add it to the allowed origins',
  });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
