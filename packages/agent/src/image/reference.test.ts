import { expect, test } from 'vitest';
import { imageSource } from './reference.ts';

const hub = 'https://registry-1.docker.io';

test.each([
  ['busybox', hub, 'busybox:latest', false],
  ['library/busybox:1.36', hub, 'library/busybox:1.36', false],
  ['docker.io/library/busybox', 'https://own.example', 'docker.io/library/busybox:latest', false],
  ['busybox', 'https://own.example:5000', 'own.example:5000/busybox:latest', false],
  ['team/app:1', 'http://own.example', 'own.example/team/app:1', true],
  ['127.0.0.1:5000/app', hub, '127.0.0.1:5000/app:latest', true],
  ['localhost/app', hub, 'localhost/app:latest', true],
  ['other.example/app', 'http://own.example', 'other.example/app:latest', false],
  ['other.example/app:1@sha256:ab', hub, 'other.example/app@sha256:ab', false],
])('%s with %s by default is %s', (name, registry, address, isPlain) => {
  expect(imageSource(name, registry)).toMatchObject({ address, isPlain });
});
