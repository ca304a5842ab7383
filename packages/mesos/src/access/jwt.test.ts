import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { principalOfJwt } from './jwt.ts';

const key = Buffer.from('hush');

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, by = key): string {
  const content = `${encoded(header)}.${encoded(claims)}`;
  return `${content}.${createHmac('sha256', by).update(content).digest('base64url')}`;
}

test('who a token is about, while it is valid', () => {
  const token = signed({ sub: 'ops', exp: 2_000, nbf: 1_000 });
  expect(principalOfJwt(token, key, 1_500_000)).toBe('ops');
  expect(principalOfJwt(token, key, 2_000_000)).toBeUndefined();
  expect(principalOfJwt(token, key, 999_999)).toBeUndefined();
  expect(principalOfJwt(signed({ sub: 'ops' }), key, 0)).toBe('ops');
});

test.each([
  ['another key', signed({ sub: 'ops' }, undefined, Buffer.from('other'))],
  ['another algorithm', signed({ sub: 'ops' }, { alg: 'none' })],
  ['no signature', signed({ sub: 'ops' }).replace(/[^.]*$/, '')],
  ['changed claims', signed({ sub: 'dev' }).replace(encoded({ sub: 'dev' }), encoded({ sub: 'ops' }))],
  ['no subject', signed({ name: 'ops' })],
  ['an end that is no number', signed({ sub: 'ops', exp: 'never' })],
  ['no JSON', 'a.b.c'],
  ['two parts', 'a.b'],
  ['nothing', ''],
])('%s is refused', (_what, token) => {
  expect(principalOfJwt(token, key, 0)).toBeUndefined();
});
