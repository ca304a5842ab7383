/** JSON Web Tokens (RFC 7519) signed with HMAC SHA-256, the only kind that is taken. */
import { createHmac, timingSafeEqual } from 'node:crypto';

interface Claims {
  readonly sub?: unknown;
  /** Seconds since 1970. */
  readonly exp?: unknown;
  readonly nbf?: unknown;
}

function jsonOf<Shape>(part: string): Partial<Shape> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // whoever made it knows no JSON
  }
}

const isSigned = (content: string, signature: string, key: Buffer) => {
  const [right, shown] = [
    createHmac('sha256', key).update(content).digest(),
    Buffer.from(signature, 'base64url'),
  ];
  return right.length === shown.length && timingSafeEqual(right, shown);
};

/** Whom the token is about; undefined for one that is not valid, or not at this time. */
export function principalOfJwt(token: string, key: Buffer, nowMs: number): string | undefined {
  const [header = '', payload = '', signature, ...more] = token.split('.');
  if (signature === undefined || more.length > 0) return undefined;
  if (jsonOf<{ alg: unknown }>(header)?.alg !== 'HS256') return undefined;
  if (!isSigned(`${header}.${payload}`, signature, key)) return undefined;
  const { sub, exp, nbf } = jsonOf<Claims>(payload) ?? {};
  const nowS = nowMs / 1000;
  if (exp !== undefined && !(typeof exp === 'number' && nowS < exp)) return undefined;
  if (nbf !== undefined && !(typeof nbf === 'number' && nowS >= nbf)) return undefined;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
}
