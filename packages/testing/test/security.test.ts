import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { type Identity, startEnsemble, TestingError, testCertificates, waitFor } from '../src/index.ts';
import { javaClient } from './java-client.ts';

async function askOverTls(port: number, identity: Identity | undefined): Promise<string> {
  const { caFile } = await testCertificates();
  const options = {
    host: '127.0.0.1',
    port,
    ca: await readFile(caFile),
    ...(identity === undefined
      ? {}
      : { key: await readFile(identity.keyFile), cert: await readFile(identity.certificateFile) }),
  };
  return new Promise((resolve, reject) => {
    const socket = connect(options, () => socket.write('ruok'));
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString());
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

test('TLS on the client port and between servers, with a certificate demanded', async () => {
  await using ensemble = await startEnsemble({ tls: { clientAuth: 'need' }, quorumTls: 'required' });
  expect(ensemble.secureConnectString?.split(',')).toHaveLength(3);
  const certificates = ensemble.certificates!;
  const port = ensemble.servers[0]!.secureClientPort!;
  expect(await askOverTls(port, certificates.client)).toBe('imok');
  await expect(askOverTls(port, certificates.stranger)).rejects.toThrow();
  await expect(askOverTls(port, undefined)).rejects.toThrow();
});

test('SASL on both ports, and a super user', async () => {
  await using ensemble = await startEnsemble({
    saslDigest: { alice: 'wonder' },
    quorumSasl: { user: 'quorum', password: 'inner' },
    superPassword: 'root',
  });
  const { connectString } = ensemble;
  const sasl = { user: 'alice', password: 'wonder' };
  await javaClient(connectString, ['create', '/hers', 'tea', 'sasl:alice:cdrwa'], { sasl });
  expect((await javaClient(connectString, ['get', '/hers'], { sasl })).stdout).toContain('tea');
  const stranger = await javaClient(connectString, ['get', '/hers']).catch((error) => error);
  expect(`${stranger.stderr}${stranger.message}`).toMatch(/NoAuth|Insufficient permission/);
});

test.each(['3.4', '3.9'] as const)('quorum SASL on %s', async (version) => {
  await using ensemble = await startEnsemble({ version, quorumSasl: { user: 'quorum', password: 'inner' } });
  expect(await readFile(ensemble.servers[0]!.logFile, 'utf8')).toMatch(/SASL|Sasl/);
});

test('TLS on 3.9, observer masters', async () => {
  await using ensemble = await startEnsemble({
    version: '3.9',
    observers: 1,
    observerMaster: true,
    tls: { clientAuth: 'none' },
    quorumTls: 'portUnification',
  });
  expect(await askOverTls(ensemble.servers[0]!.secureClientPort!, undefined)).toBe('imok');
  const observer = ensemble.server(4);
  const masters = `:${observer.observerMasterPort}`;
  expect(await readFile(observer.logFile, 'utf8')).toMatch(
    new RegExp(`Observing .*${masters}|Observing new leader`),
  );
  const followers = ensemble.servers.filter((server) => server.role === 'participant');
  const served = async () => {
    const monitors = await Promise.all(followers.map((server) => server.monitor()));
    return monitors.some((monitor) => monitor.get('zk_synced_observers') === '1');
  };
  await waitFor(served, { what: 'a server to serve the observer' });
});

test('what 3.4 cannot do is said', async () => {
  const asked = startEnsemble({ version: '3.4', tls: { clientAuth: 'none' } });
  await expect(asked).rejects.toThrow(TestingError);
});
