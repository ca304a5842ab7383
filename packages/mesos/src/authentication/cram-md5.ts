import { createHmac, timingSafeEqual } from 'node:crypto';

/** The only mechanism there is (RFC 2195): the server names a challenge, the client its HMAC under the secret. */
export const mechanism = 'CRAM-MD5';

const digestOf = (challenge: string, secret: string) =>
  createHmac('md5', secret).update(challenge).digest('hex');

/** `<principal> <hex digest>` */
export function responseTo(challenge: string, principal: string, secret: string): string {
  return `${principal} ${digestOf(challenge, secret)}`;
}

/**
 * The principal, if the response proves that its sender knows the secret; undefined otherwise. Takes equally long for a
 * principal that nobody knows.
 */
export function principalOf(
  challenge: string,
  response: string,
  secretOf: (principal: string) => string | undefined,
): string | undefined {
  const space = response.lastIndexOf(' ');
  const principal = response.slice(0, Math.max(space, 0));
  const secret = secretOf(principal);
  const expected = Buffer.from(digestOf(challenge, secret ?? ''));
  const given = Buffer.from(response.slice(space + 1));
  const proved = given.length === expected.length && timingSafeEqual(given, expected);
  return proved && secret !== undefined ? principal : undefined;
}
