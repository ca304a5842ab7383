import { describe, expect, test } from 'vitest';
import { digestMd5 } from './digest-md5.ts';
import { parseDirectives } from './directives.ts';

// The exchange of RFC 2831, section 4.
const rfc = {
  username: 'chris',
  password: 'secret',
  digestUri: 'imap/elwood.innosoft.com',
  cnonce: 'OA6MHXh6VqTrRk',
};
const challenge = Buffer.from(
  'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8',
);

describe('digestMd5', () => {
  test('answers the challenge of the RFC with the response of the RFC', () => {
    const exchange = digestMd5(rfc);
    expect(exchange.step(Buffer.alloc(0))).toHaveLength(0);
    const answer = parseDirectives(exchange.step(challenge).toString());
    expect(answer.get('response')).toBe('d388dad90d4bbd760a152321f2143af7');
    expect(answer.get('realm')).toBe('elwood.innosoft.com');
    expect(exchange.isComplete).toBe(false);
    expect(exchange.step(Buffer.from('rspauth=ea40f60335c427b5527b84dbabcdfffd'))).toHaveLength(0);
    expect(exchange.isComplete).toBe(true);
  });

  test('refuses a server that does not know the password', () => {
    const exchange = digestMd5(rfc);
    exchange.step(challenge);
    expect(() => exchange.step(Buffer.from('rspauth=ea40f60335c427b5527b84dbabcdfffe'))).toThrow(
      /did not prove/,
    );
    expect(exchange.isComplete).toBe(false);
  });

  test.each([
    ['realm="r",algorithm=md5-sess', /no nonce/],
    ['nonce="n",algorithm=md5', /not md5-sess/],
    ['nonce="n",algorithm=md5-sess,qop="auth-int"', /leaves out auth/],
    ['nonce="n', /unreadable/],
  ])('refuses the challenge %s', (text, message) => {
    expect(() => digestMd5(rfc).step(Buffer.from(text))).toThrow(message);
  });

  test('quotes a name with quotes in it', () => {
    const answer = digestMd5({ ...rfc, username: 'a"b\\c' })
      .step(challenge)
      .toString();
    expect(answer).toContain('username="a\\"b\\\\c"');
    expect(parseDirectives(answer).get('username')).toBe('a"b\\c');
  });
});
