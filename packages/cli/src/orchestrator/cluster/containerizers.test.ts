import { expect, test } from 'vitest';
import { dockerSocketOf } from './containerizers.ts';

test.each([
  [undefined, '/var/run/docker.sock'],
  ['unix:///run/user/1000/docker.sock', '/run/user/1000/docker.sock'],
  ['tcp://10.0.0.1:2376', '/var/run/docker.sock'],
])('with DOCKER_HOST=%s it is %s', (host, socket) => {
  expect(dockerSocketOf({ ...(host !== undefined && { DOCKER_HOST: host }) })).toBe(socket);
});
