import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { OrchestratorError } from '../errors.ts';

/** Each role may do what those before it may. */
const roles = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

export interface Principal {
  name: string;
  role: Role;
}

export interface AuthOptions {
  /** `Authorization: Bearer TOKEN`. */
  tokens?: readonly (Principal & { token: string })[];
  /** HTTP Basic. */
  users?: readonly (Principal & { password: string })[];
  /** TLS clients whose certificate was verified, by common name; `name` is that name. */
  certificates?: readonly Principal[];
  /** Asked about whoever none of the above knows: people who have logged in, by their cookie. */
  sessions?: Authenticate;
}

export type Authenticate = (request: IncomingMessage) => Principal | undefined;

/** What everybody is when authentication is off. */
const anyone: Principal = { name: 'anonymous', role: 'admin' };

export function permits(principal: Principal, required: Role): boolean {
  return roles.indexOf(principal.role) >= roles.indexOf(required);
}

/** Finds out who sends a request; undefined when the credentials are missing or wrong. */
export function createAuthenticator(auth: AuthOptions | 'off'): Authenticate {
  if (auth === 'off') return () => anyone;
  const bearers = (auth.tokens ?? []).map(({ token, name, role }) => secretOf(token, { name, role }));
  const basics = (auth.users ?? []).map(({ name, password, role }) =>
    secretOf(`${name}:${password}`, { name, role }),
  );
  const certificates = auth.certificates ?? [];
  if (bearers.length + basics.length + certificates.length === 0 && auth.sessions === undefined) {
    throw new OrchestratorError('authentication is on, but there is no token, user or certificate', {
      code: 'config',
      remedy: 'add one, or turn authentication off for a loopback address',
    });
  }
  const authenticate: Authenticate = (request) => {
    const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ', 2);
    if (scheme.toLowerCase() === 'bearer') return findSecret(bearers, credentials);
    if (scheme.toLowerCase() === 'basic') {
      return findSecret(basics, Buffer.from(credentials, 'base64').toString());
    }
    const commonName = verifiedCommonName(request);
    return commonName === undefined ? undefined : certificates.find(({ name }) => name === commonName);
  };
  return (request) => authenticate(request) ?? auth.sessions?.(request);
}

interface Secret {
  digest: Buffer;
  principal: Principal;
}

const digestOf = (text: string) => createHash('sha256').update(text).digest();

function secretOf(text: string, principal: Principal): Secret {
  if (text === '' || text.endsWith(':')) {
    throw new OrchestratorError(`the token or password of "${principal.name}" is empty`, { code: 'config' });
  }
  return { digest: digestOf(text), principal };
}

/** Digests have one length and all are compared, so the time taken tells nothing about any of them. */
function findSecret(secrets: readonly Secret[], text: string): Principal | undefined {
  const digest = digestOf(text);
  let found: Principal | undefined;
  for (const secret of secrets) {
    if (timingSafeEqual(secret.digest, digest)) found = secret.principal;
  }
  return found;
}

function verifiedCommonName({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}
