/** Who a client is to its servers: TLS certificates, SASL, digest; and servers that it must not trust. */
import { readFile } from 'node:fs/promises';
import { digestOf, type Ensemble, type Identity, startEnsemble, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, permissions, type TlsOptions, type ZooKeeperClient } from '../src/index.ts';

const ownerOnly = (scheme: string, id: string) => [{ perms: permissions.all, scheme, id }];

describe('TLS', () => {
  let ensemble: Ensemble;
  let ca: string;

  const identity = async ({ certificateFile, keyFile }: Identity) => {
    const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { cert, key };
  };
  const open = (tls: TlsOptions) =>
    connect({ connectString: ensemble.secureConnectString!, tls, readyTimeoutMs: 5000 });

  beforeAll(async () => {
    ensemble = await startEnsemble({ servers: 1, tls: { clientAuth: 'need' } });
    ca = await readFile(ensemble.certificates!.caFile, 'utf8');
  });

  afterAll(async () => {
    await ensemble?.close();
  });

  test('a client certificate is an identity for ACLs', async () => {
    const client = await open({ ca, ...(await identity(ensemble.certificates!.client)) });
    expect((await client.whoAmI()).clientInfo).toContainEqual({ scheme: 'x509', user: 'CN=client' });
    await client.create('/tls', 'x'.repeat(200_000), { acl: ownerOnly('x509', 'CN=client') });
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.getData('/tls')));
    expect(replies.every(({ data }) => data?.length === 200_000)).toBe(true);
    await client.close();
    const other = await connect({ connectString: ensemble.connectString });
    await expect(other.getData('/tls')).rejects.toMatchObject({ code: 'NoAuth' });
    await other.close();
  });

  test('without a certificate, or with one that the servers do not trust, there is no connection', async () => {
    await expect(open({ ca })).rejects.toMatchObject({ code: 'ConnectFailed' });
    const stranger = await identity(ensemble.certificates!.stranger);
    await expect(open({ ca, ...stranger })).rejects.toMatchObject({ code: 'ConnectFailed' });
  });

  test('servers that are not who they should be are refused', async () => {
    const client = await identity(ensemble.certificates!.client);
    await expect(open(client)).rejects.toThrow(/self-signed certificate|unable to verify/);
    await expect(open({ ca, ...client, serverName: 'another.example' })).rejects.toThrow(/another\.example/);
    const byName = await open({ ca, ...client, serverName: 'localhost' });
    await byName.close();
  });

  test('unreadable keys are named before anything is tried', async () => {
    await expect(open({ ca, cert: 'none', key: 'none' })).rejects.toMatchObject({ code: 'InvalidOption' });
  });
});

describe('SASL DIGEST-MD5', () => {
  let ensemble: Ensemble;

  beforeAll(async () => {
    ensemble = await startEnsemble({ servers: 1, saslDigest: { bob: 'secret' } });
  });

  afterAll(async () => {
    await ensemble?.close();
  });

  test('is an identity for ACLs on every connection', async () => {
    const sasl = { username: 'bob', password: 'secret' };
    const client = await connect({ connectString: ensemble.connectString, sasl });
    await client.create('/sasl', 'x', { acl: ownerOnly('sasl', 'bob') });
    await ensemble.servers[0]!.kill();
    await ensemble.servers[0]!.start();
    await waitFor(() => client.getData('/sasl'), { what: 'the server' });
    expect(client.state).toBe('reconnected');
    await client.close();
  });

  test('a wrong password closes the client for good, without showing it', async () => {
    const sasl = { username: 'bob', password: 'wrong-secret' };
    const failure = await connect({ connectString: ensemble.connectString, sasl }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'AuthFailed' });
    expect(failure.message).not.toContain('wrong-secret');
  });
});

describe('digest', () => {
  let ensemble: Ensemble;
  let anybody: ZooKeeperClient;

  beforeAll(async () => {
    ensemble = await startEnsemble({ servers: 1, superPassword: 'super-secret' });
    anybody = await connect({ connectString: ensemble.connectString });
  });

  afterAll(async () => {
    await anybody?.close();
    await ensemble?.close();
  });

  test('is sent on every connection', async () => {
    const auth = [{ scheme: 'digest', credentials: 'ann:secret' }];
    const client = await connect({ connectString: ensemble.connectString, auth });
    await client.create('/digest', 'x', { acl: ownerOnly('digest', digestOf('ann', 'secret')) });
    await expect(anybody.getData('/digest')).rejects.toMatchObject({ code: 'NoAuth' });
    await ensemble.servers[0]!.kill();
    await ensemble.servers[0]!.start();
    await waitFor(() => client.getData('/digest'), { what: 'the server' });
    expect((await client.getAcl('/digest')).acl).toEqual(ownerOnly('digest', digestOf('ann', 'secret')));
    await client.close();
  });

  test('can be added later, and the super user may do everything', async () => {
    const client = await connect({ connectString: ensemble.connectString });
    await expect(client.getData('/digest')).rejects.toMatchObject({ code: 'NoAuth' });
    await client.addAuth({ scheme: 'digest', credentials: Buffer.from('super:super-secret') });
    expect((await client.getData('/digest')).data?.toString()).toBe('x');
    await client.close();
  });

  test('a scheme that the servers do not know closes the client', async () => {
    const client = await connect({ connectString: ensemble.connectString });
    await expect(client.addAuth({ scheme: 'unknown', credentials: 'x' })).rejects.toMatchObject({
      code: 'AuthFailed',
    });
    expect(client.state).toBe('closed');
    expect(client.failure?.message).toContain('"unknown"');
    const auth = [{ scheme: 'unknown', credentials: 'x' }];
    await expect(connect({ connectString: ensemble.connectString, auth })).rejects.toMatchObject({
      code: 'AuthFailed',
    });
  });
});
