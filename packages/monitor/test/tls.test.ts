import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { connectMethod, probeMessage, type wire } from '@orchestrator/report';
import { temporaryFolder, testCertificates, waitFor } from '@orchestrator/testing';
import { Agent, fetch as fetchWith } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMonitorServer, loadMonitorConfig, type MonitorServer } from '../src/index.ts';

let server: MonitorServer;
let address: { url: string; probePort: number };
let workDir: string;
let files: Awaited<ReturnType<typeof testCertificates>>;

beforeAll(async () => {
  files = await testCertificates();
  workDir = await temporaryFolder('monitor-tls');
  const tls = { cert: files.server.certificateFile, key: files.server.keyFile };
  const config = loadMonitorConfig({
    flags: {
      workDir,
      'http.port': 0,
      'probes.port': 0,
      'http.tls.cert': tls.cert,
      'http.tls.key': tls.key,
      'probes.tls.cert': tls.cert,
      'probes.tls.key': tls.key,
      'probes.tls.ca': files.caFile,
      'probes.tokens': [{ env: 'PROBE' }],
      'auth.tokens': [{ name: 'eye', role: 'viewer', token: { env: 'VIEWER' } }],
    },
  });
  server = await createMonitorServer({ config, env: { PROBE: 'probe-token', VIEWER: 'viewer-token' } });
  address = await server.start();
});

afterAll(() => server.stop());

const read = (file: string) => readFileSync(file);

function dial(identity?: { keyFile: string; certificateFile: string }) {
  const [key, cert] =
    identity === undefined ? [null, null] : [read(identity.keyFile), read(identity.certificateFile)];
  const client = new Client(
    `localhost:${address.probePort}`,
    credentials.createSsl(read(files.caFile), key, cert),
  );
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer probe-token');
  const { path, requestSerialize, responseDeserialize } = connectMethod;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  const seen: string[] = [];
  stream.on('data', ({ message }: wire.AppMessage) => seen.push(message.case ?? ''));
  stream.on('error', () => seen.push('error'));
  stream.write(
    probeMessage({ case: 'hello', value: { probeId: 'p', hostName: 'h', version: '1', frameVersion: 1 } }),
  );
  return { seen, close: () => client.close() };
}

test('probes come over TLS, with a certificate where one is asked for', async () => {
  const known = dial(files.client);
  await waitFor(() => known.seen[0] === 'welcome', { what: 'welcome' });
  known.close();
  for (const identity of [undefined, files.stranger]) {
    const refused = dial(identity);
    await waitFor(() => refused.seen.length > 0, { what: 'a refusal' });
    expect(refused.seen[0]).toBe('error');
    refused.close();
  }
});

test('clients come over TLS, and the cookie of a session never travels without it', async () => {
  const dispatcher = new Agent({ connect: { ca: read(files.caFile) } });
  const url = address.url.replace('127.0.0.1', 'localhost');
  const get = (headers: Record<string, string>) => fetchWith(`${url}/api`, { dispatcher, headers });
  expect((await get({})).status).toBe(401);
  expect((await get({ authorization: 'Bearer viewer-token' })).status).toBe(200);
  const password = read(join(workDir, 'initial-admin-password')).toString().trim();
  const login = await fetchWith(`${url}/api/login`, {
    ...{ dispatcher, method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ name: 'admin', password }),
  });
  expect(login.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict;.*; Secure$/);
  await dispatcher.close();
});
