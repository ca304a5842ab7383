/** Who sends a request: HTTP Basic, bearer tokens of a file, JSON Web Tokens. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Credentials } from './credentials.ts';
import { principalOfJwt } from './jwt.ts';

/** `refused` when what the sender shows is wrong, `none` when it shows nothing. */
export type Identify = (request: IncomingMessage) => { readonly principal: string } | 'refused' | 'none';

export interface IdentifyOptions {
  readonly credentials: Credentials;
  /** Bearer tokens by principal. */
  readonly tokens: Credentials;
  /** Of bearer tokens that are made elsewhere (HS256); the claim `sub` is the principal. Undefined: none are taken. */
  readonly jwtKey: Buffer | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

const hashed = (secrets: Credentials) =>
  [...secrets].map(([name, secret]) => [name, digest(secret)] as const);

const known = (principal: string | undefined) => (principal === undefined ? 'refused' : { principal });

export function createIdentify({ credentials, tokens, jwtKey, nowMs }: IdentifyOptions): Identify {
  const passwords = new Map(hashed(credentials));
  const bearers = hashed(tokens);

  function byBearer(token: string): string | undefined {
    const shown = digest(token);
    const [principal] = bearers.find(([, hash]) => timingSafeEqual(hash, shown)) ?? [];
    if (principal !== undefined || jwtKey === undefined) return principal;
    return principalOfJwt(token, jwtKey, nowMs());
  }

  function byPassword(encoded: string): string | undefined {
    const text = Buffer.from(encoded, 'base64').toString();
    const colon = text.indexOf(':');
    const principal = text.slice(0, Math.max(0, colon));
    const hash = passwords.get(principal);
    const isRight = hash !== undefined && timingSafeEqual(hash, digest(text.slice(colon + 1)));
    return isRight ? principal : undefined;
  }

  return ({ headers }) => {
    const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ', 2);
    switch (scheme.toLowerCase()) {
      case '':
        return 'none';
      case 'basic':
        return known(byPassword(value));
      case 'bearer':
        return known(byBearer(value));
      default:
        return 'refused';
    }
  };
}
