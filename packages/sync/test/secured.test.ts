import { digestOf, type Ensemble, startEnsemble } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnsembleAccess } from '../src/engine-types.ts';
import { pairOf, settleMs } from './engines.ts';

const superPassword = 'super-secret';
const quorumSasl = { user: 'quorum', password: 'quorum-secret' };
let source: Ensemble;
let target: Ensemble;

beforeAll(async () => {
  [source, target] = await Promise.all([
    startEnsemble({ tls: { clientAuth: 'need' }, quorumSasl, superPassword }),
    startEnsemble({ quorumTls: 'required', saslDigest: { engine: 'secret' }, superPassword }),
  ]);
});

afterAll(() => Promise.all([source.close(), target.close()]));

const superUser = [{ scheme: 'digest', credential: `super:${superPassword}` }];
const quorumServersOf = (ensemble: Ensemble) =>
  ensemble.servers.map((server) => `${server.host}:${server.quorumPort}`);

function tlsOf({ certificates }: Ensemble) {
  if (certificates === undefined) throw new Error('no certificates');
  const { caFile: ca, client } = certificates;
  return { ca, cert: client.certificateFile, key: client.keyFile };
}

test('TLS, SASL on both ports and the super user: what no other client may read travels too', async () => {
  await using pair = await pairOf(source, target);
  const over: Record<'source' | 'target', EnsembleAccess> = {
    source: {
      connectString: source.secureConnectString ?? '',
      tls: tlsOf(source),
      quorumServers: quorumServersOf(source),
      quorumSasl: { username: quorumSasl.user, password: quorumSasl.password },
      auth: superUser,
    },
    target: {
      connectString: target.connectString,
      sasl: { username: 'engine', password: 'secret' },
      quorumServers: quorumServersOf(target),
      quorumTls: tlsOf(target),
      auth: superUser,
    },
  };
  await pair.a.addAuth({ scheme: 'digest', credentials: 'owner:pw' });
  const acl = [{ perms: 31, scheme: 'digest', id: digestOf('owner', 'pw') }];
  const engine = pair.engine(over);
  await engine.start();
  await engine.settled(settleMs);
  await pair.a.create('/owned', 'hidden', { acl });
  await pair.a.create('/owned/child', 'too', { acl });
  await engine.settled(settleMs);
  expect(engine.status().directions.map(({ capture }) => capture)).toEqual(['observer', 'observer']);
  await pair.b.sync('/');
  await expect(pair.b.getData('/owned')).rejects.toMatchObject({ code: 'NoAuth' });
  await pair.b.addAuth({ scheme: 'digest', credentials: 'owner:pw' });
  expect((await pair.b.getData('/owned/child')).data?.toString()).toBe('too');
  expect((await engine.verify()).differences).toEqual([]);
});
