import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MasterError } from '../errors.ts';
import { principalOfJwt } from './jwt.ts';

/** Secrets by principal. */
export type Credentials = ReadonlyMap<string, string>;

/**
 * Reads `--credentials` as Mesos does: JSON (`{"credentials": [{"principal": …, "secret": …}]}`), or lines of a principal
 * and a secret. Errors never hold a secret.
 *
 * @throws MasterError `config`
 */
export function parseCredentials(text: string, file: string): Credentials {
  const problem = (what: string) =>
    new MasterError('config', `credentials file ${file}: ${what}`, {
      remedy:
        'write {"credentials": [{"principal": "…", "secret": "…"}]}, or one principal and secret a line',
    });
  if (!text.trimStart().startsWith('{')) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return new Map(
      lines.map((line, index) => {
        const [principal, secret, ...more] = line.trim().split(/\s+/);
        if (principal === undefined || secret === undefined || more.length > 0) {
          throw problem(`line ${index + 1} is not a principal and a secret`);
        }
        return [principal, secret];
      }),
    );
  }
  let json: { readonly credentials?: readonly { readonly principal?: unknown; readonly secret?: unknown }[] };
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    throw problem('it is no JSON');
  }
  if (!Array.isArray(json.credentials)) throw problem('it has no list "credentials"');
  return new Map(
    json.credentials.map(({ principal, secret }, index) => {
      if (typeof principal !== 'string' || typeof secret !== 'string') {
        throw problem(`entry ${index + 1} has no principal or no secret`);
      }
      return [principal, secret];
    }),
  );
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Who sends a request, by HTTP Basic or Bearer; `refused` when what it shows is wrong, `none` when it shows nothing. */
export type Identify = (request: IncomingMessage) => { readonly principal: string } | 'refused' | 'none';

export interface IdentifyOptions {
  readonly credentials: Credentials;
  /** Bearer tokens by principal. */
  readonly tokens: Credentials;
  /** Of bearer tokens that are made elsewhere (HS256); the claim `sub` is the principal. */
  readonly jwtKey: Buffer | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

export function createIdentify({ credentials, tokens, jwtKey, nowMs }: IdentifyOptions): Identify {
  const hashed = (secrets: Credentials) =>
    [...secrets].map(([name, secret]) => ({ name, hash: digest(secret) }));
  const passwords = new Map(hashed(credentials).map(({ name, hash }) => [name, hash]));
  const bearers = hashed(tokens);
  return ({ headers }) => {
    const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ', 2);
    if (scheme === '') return 'none';
    if (scheme.toLowerCase() === 'bearer') {
      const shown = digest(value);
      const found = bearers.find(({ hash }) => timingSafeEqual(hash, shown));
      if (found !== undefined) return { principal: found.name };
      const principal = jwtKey === undefined ? undefined : principalOfJwt(value, jwtKey, nowMs());
      return principal === undefined ? 'refused' : { principal };
    }
    if (scheme.toLowerCase() !== 'basic') return 'refused';
    const text = Buffer.from(value, 'base64').toString();
    const colon = text.indexOf(':');
    const principal = text.slice(0, Math.max(0, colon));
    const known = passwords.get(principal);
    const right = known !== undefined && timingSafeEqual(known, digest(text.slice(colon + 1)));
    return right ? { principal } : 'refused';
  };
}
