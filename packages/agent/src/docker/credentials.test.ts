import { expect, test } from 'vitest';
import { credentialsFor, engineAuth, registryOf } from './credentials.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['busybox', 'docker.io'],
  ['library/busybox:1', 'docker.io'],
  ['quay.io/a/b', 'quay.io'],
  ['localhost/a', 'localhost'],
  ['127.0.0.1:5000/a:tag', '127.0.0.1:5000'],
])('%s is of %s', (image, registry) => expect(registryOf(image)).toBe(registry));

test('credentials are those of the registry, in each of their forms', () => {
  const config = JSON.stringify({
    auths: {
      'https://index.docker.io/v1/': { auth: base64('hub:with:colons') },
      'quay.io': { username: 'quay', password: 'secret' },
      'https://ghcr.io/v2/': { identitytoken: 'token' },
      'empty.io': {},
    },
  });
  expect(credentialsFor('busybox', config)).toEqual({ username: 'hub', password: 'with:colons' });
  expect(credentialsFor('quay.io/a', config)).toEqual({ username: 'quay', password: 'secret' });
  expect(credentialsFor('ghcr.io/a', config)).toEqual({ identityToken: 'token' });
  expect(credentialsFor('empty.io/a', config)).toBeUndefined();
  expect(credentialsFor('other.io/a', config)).toBeUndefined();
});

test('the old file without auths is read too', () => {
  expect(credentialsFor('quay.io/a', JSON.stringify({ 'quay.io': { auth: base64('a:b') } }))).toMatchObject({
    username: 'a',
  });
});

test('what is not JSON is not quoted', () => {
  expect(() => credentialsFor('quay.io/a', '{"password": "secret"')).toThrow(/^(?!.*secret).*is not JSON$/);
});

test('the Engine is told the registry', () => {
  expect(engineAuth('quay.io/a', { username: 'a', password: 'b' })).toEqual({
    username: 'a',
    password: 'b',
    serveraddress: 'quay.io',
  });
  expect(engineAuth('busybox', { identityToken: 't' })).toEqual({
    identitytoken: 't',
    serveraddress: 'https://index.docker.io/v1/',
  });
});
