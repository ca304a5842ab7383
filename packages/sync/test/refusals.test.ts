import { startProxy } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, startPair } from './engines.ts';
import { accessTo } from './ensembles.ts';

let pair: Pair;

beforeAll(async () => {
  pair = await startPair({ servers: 1, config: { standaloneEnabled: 'false' } });
});

afterAll(() => pair.close());

async function rootsOf(client: Pair['a']): Promise<string[]> {
  return (await client.getChildren('/')).children.sort();
}

test('one ensemble as source and target is refused, also behind another name, and nothing is left in it', async () => {
  const source = accessTo(pair.source);
  await expect(pair.engine({ target: source }).start()).rejects.toMatchObject({ code: 'SameEnsemble' });
  const [server] = pair.source.servers;
  await using proxy = await startProxy({ target: { host: server!.host, port: server!.clientPort } });
  const alias = { ...source, connectString: proxy.connectString };
  await expect(pair.engine({ target: alias }).start()).rejects.toMatchObject({ code: 'SameEnsemble' });
  expect(await rootsOf(pair.a)).toEqual(['zookeeper']);
});

test('a target that holds something else is refused, naming it and the flag', async () => {
  await pair.b.create('/theirs', null);
  const refused = pair.engine().start();
  await expect(refused).rejects.toMatchObject({ code: 'TargetNotEmpty' });
  await expect(refused).rejects.toThrow(/\/theirs.*adoptTarget/);
  await pair.b.delete('/theirs');
  expect(await rootsOf(pair.a)).toEqual(['zookeeper']);
  expect(await rootsOf(pair.b)).toEqual(['zookeeper']);
});

test('a side that cannot be reached is named', async () => {
  const engine = pair.engine({ target: { connectString: '127.0.0.1:1' }, connectTimeoutMs: 500 });
  await expect(engine.start()).rejects.toMatchObject({ code: 'Unreachable' });
});

test('an observer that is demanded and cannot be had is refused with the reason', async () => {
  const { connectString } = accessTo(pair.source);
  const engine = pair.engine({ source: { connectString }, capture: { source: 'observer' } });
  await expect(engine.start()).rejects.toMatchObject({ code: 'NoObserver' });
});

test('nodes that our credentials may not read or write are named, with the remedy', async () => {
  await pair.a.create('/private', 'x', { acl: [{ perms: 31, scheme: 'digest', id: 'owner:hash' }] });
  const refused = pair.engine().start();
  await expect(refused).rejects.toMatchObject({ code: 'NoAccess' });
  await expect(refused).rejects.toThrow(/\/private.*auth/);
  const engine = pair.engine({ excludes: ['/private'] });
  await engine.start();
  await engine.finish();
});

test('a migration id that cannot name a znode is refused', () => {
  expect(() => pair.engine({ migrationId: 'a/b' })).toThrow(/cannot name a znode/);
});
