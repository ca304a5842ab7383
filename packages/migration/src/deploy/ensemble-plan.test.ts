import { expect, test } from 'vitest';
import { parseZooCfg, planEnsemble, zooCfg } from './ensemble-plan.ts';
import { superDigestOf } from './super-user.ts';

const server = (id: number) => ({
  id,
  host: `10.0.0.${id}`,
  client_port: 2181,
  quorum_port: 2888,
  election_port: 3888,
  admin_port: 0,
});

const conf = `clientPort=2181
secureClientPort=-1
dataDir=/a/data/version-2
dataDirSize=67108880
tickTime=1500
maxClientCnxns=120
minSessionTimeout=3000
maxSessionTimeout=90000
serverId=1
initLimit=5
syncLimit=4
electionAlg=3
electionPort=3888
quorumPort=2888
peerType=0
ssl.keyStore.location=/etc/a/key.pem
membership: 
server.1=10.9.0.1:2888:3888:participant;0.0.0.0:2181
version=0`;

const derive = (overrides = {}, javaOptions: string[] = []) =>
  planEnsemble({
    servers: [server(1), server(2), server(3)],
    source: { settings: parseZooCfg(conf), javaOptions },
    overrides,
    javaOptions: ['-Xmx1g'],
    superDigest: 'super:abc=',
  });

test('what holds on any machine is taken over, the rest is named or the plan’s own', () => {
  const { plan, notCarried } = derive({}, [
    '-Xmx4g',
    '-Djute.maxbuffer=4194304',
    '-Djava.security.auth.login.config=/etc/jaas',
  ]);
  expect(zooCfg(plan, plan.servers[0]!, '/b/data')).toBe(
    [
      '4lw.commands.whitelist=srvr,ruok,mntr,conf,cons,stat,envi',
      'autopurge.snapRetainCount=3',
      'extendedTypesEnabled=true',
      'initLimit=10',
      'maxClientCnxns=120',
      'maxSessionTimeout=90000',
      'minSessionTimeout=3000',
      'syncLimit=4',
      'tickTime=1500',
      'dataDir=/b/data',
      'clientPort=2181',
      'admin.enableServer=false',
      'server.1=10.0.0.1:2888:3888',
      'server.2=10.0.0.2:2888:3888',
      'server.3=10.0.0.3:2888:3888',
      'DigestAuthenticationProvider.superDigest=super:abc=',
      '',
    ].join('\n'),
  );
  expect(plan.javaOptions).toEqual(['-Djute.maxbuffer=4194304', '-Xmx1g']);
  expect(notCarried.map(({ setting }) => setting)).toEqual([
    'ssl.keyStore.location',
    'java.security.auth.login.config',
  ]);
});

test('settings of the operator win, and what they set is no longer missing', () => {
  const { plan, notCarried } = derive({ tickTime: 500, 'ssl.keyStore.location': '/b/key.pem' });
  expect(plan.settings).toMatchObject({ tickTime: '500', 'ssl.keyStore.location': '/b/key.pem' });
  expect(notCarried).toEqual([]);
});

test('the super digest is what ZooKeeper computes', () => {
  expect(superDigestOf('super:test')).toBe('super:D/InIHSb7yEEbrWz8b9l71RjZJU=');
});
