/** Quorums that protect their port: SASL DIGEST-MD5 and TLS, each with the right and the wrong credentials. */
import { readFile } from 'node:fs/promises';
import { type Certificates, type Ensemble, type Identity, startEnsemble } from '@orchestrator/testing';
import { describe, expect, test } from 'vitest';
import { connect, type ObserverOptions, observe, type TlsOptions } from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

/** What the first search for a leader came to. */
async function refusal(options: ObserverOptions): Promise<string> {
  for await (const event of observe(options)) {
    return event.type === 'unreachable' ? event.reason.message : event.type;
  }
  return 'nothing';
}

async function expectMirror(ensemble: Ensemble, options: ObserverOptions): Promise<void> {
  const client = await connect({ connectString: ensemble.connectString });
  await using run = new MirrorRun(options);
  await run.until('the snapshot', () => run.story.includes('synced'));
  await run.reached(await writeEverything(client, '/kinds', false));
  expect(run.tree.state).toBe(ensemble.version === '3.4' ? 'consistent' : 'verified');
  await client.close();
  await run.stop();
}

describe.each(['3.4', '3.9'] as const)('quorum SASL of %s', (version) => {
  test('knows us by name and password, and nobody else', async () => {
    await using ensemble = await startEnsemble({
      version,
      quorumSasl: { user: 'quorum', password: 'quiet' },
    });
    const servers = quorumAddresses(ensemble);
    await expectMirror(ensemble, { servers, sasl: { username: 'quorum', password: 'quiet' } });
    const wrong = await refusal({ servers, sasl: { username: 'quorum', password: 'loud' } });
    expect(wrong).toMatch(/closed the connection|refused the credentials/);
    expect(wrong).not.toContain('loud');
    expect(await refusal({ servers, connectTimeoutMs: 2000 })).toMatch(/closed the connection|no offer/);
  });
});

async function tlsOf(certificates: Certificates, identity?: Identity): Promise<TlsOptions> {
  const ca = await readFile(certificates.caFile, 'utf8');
  if (identity === undefined) return { ca };
  return {
    ca,
    key: await readFile(identity.keyFile, 'utf8'),
    cert: await readFile(identity.certificateFile, 'utf8'),
  };
}

test('quorum TLS wants a certificate that it trusts', async () => {
  await using ensemble = await startEnsemble({ quorumTls: 'required' });
  const servers = quorumAddresses(ensemble);
  const certificates = ensemble.certificates as Certificates;
  await expectMirror(ensemble, { servers, tls: await tlsOf(certificates, certificates.client) });
  expect(await refusal({ servers, tls: await tlsOf(certificates) })).toMatch(/certificate|closed/i);
  expect(await refusal({ servers, tls: await tlsOf(certificates, certificates.stranger) })).toMatch(
    /certificate|unknown ca|closed/i,
  );
  expect(await refusal({ servers, connectTimeoutMs: 2000 })).toMatch(/closed the connection|no offer/);
});

test('a quorum on its way to TLS takes both', async () => {
  await using ensemble = await startEnsemble({ quorumTls: 'portUnification' });
  const servers = quorumAddresses(ensemble);
  const certificates = ensemble.certificates as Certificates;
  await expectMirror(ensemble, { servers, tls: await tlsOf(certificates, certificates.client) });
  await using plain = new MirrorRun({ servers });
  await plain.until('the snapshot', () => plain.story.includes('synced'));
});
