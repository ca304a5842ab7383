import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { testCertificates } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDetectorOfDaemon } from './detector.ts';

let server: Server;
let env: NodeJS.ProcessEnv;

/** A master that knows who leads, and speaks TLS alone. */
beforeAll(async () => {
  const { caFile, server: own } = await testCertificates();
  const [key, cert] = [await readFile(own.keyFile), await readFile(own.certificateFile)];
  server = createServer({ key, cert }, (_, response) => {
    response.writeHead(307, { Location: '//127.0.0.9:5050' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = {
    LIBPROCESS_SSL_ENABLED: '1',
    LIBPROCESS_SSL_KEY_FILE: own.keyFile,
    LIBPROCESS_SSL_CERT_FILE: own.certificateFile,
    LIBPROCESS_SSL_CA_FILE: caFile,
    LIBPROCESS_SSL_VERIFY_SERVER_CERT: '1',
  };
});
afterAll(() => {
  server?.close();
  server?.closeAllConnections();
});

test('an agent with TLS asks its masters over TLS who leads', async () => {
  const { port } = server.address() as AddressInfo;
  const masters = `127.0.0.1:1,127.0.0.1:${port}`;
  const { detector, close } = await openDetectorOfDaemon(masters, env);
  expect(await detector.detect(undefined)).toEqual({ host: '127.0.0.9', port: 5050 });
  await close();
});

test('settings that cannot be are named', async () => {
  const wrong = { LIBPROCESS_SSL_ENABLED: 'perhaps' };
  await expect(openDetectorOfDaemon('127.0.0.1:1', wrong)).rejects.toThrow('ssl_enabled is "perhaps"');
});
