import { type Acl, permissions, type ZooKeeperClient, ZooKeeperError } from '../../src/index.ts';

const readOnlyAcl: Acl[] = [{ perms: permissions.read | permissions.admin, scheme: 'world', id: 'anyone' }];

/** Writes of every kind that a server of that release knows, failed ones included. Resolves with the last zxid. */
export async function writeEverything(
  client: ZooKeeperClient,
  root: string,
  modern: boolean,
): Promise<bigint> {
  await client.create(root, 'root');
  await client.create(`${root}/acl`, 'a');
  await client.setAcl(`${root}/acl`, readOnlyAcl);
  await client.create(`${root}/umlaut-é-日本`, Buffer.from([0, 255, 1]));
  await client.create(`${root}/null`, null);
  for (let i = 0; i < 3; i++) {
    const { path } = await client.create(`${root}/sequence-`, `${i}`, { mode: 'persistentSequential' });
    if (i === 1) await client.delete(path);
    await client.create(`${root}/lock-`, `${i}`, { mode: 'ephemeralSequential' });
    await client.setData(`${root}/null`, `v${i}`);
  }
  await client.create(`${root}/ephemeral`, 'e', { mode: 'ephemeral' });
  if (modern) {
    await client.create(`${root}/container`, 'c', { mode: 'container' });
    await client.create(`${root}/container/child`, 'x');
    await client.create(`${root}/ttl`, 't', { mode: 'persistentWithTtl', ttlMs: 3_600_000 });
  }
  await client.multi([
    { kind: 'create', path: `${root}/multi`, data: Buffer.from('m') },
    { kind: 'setData', path: root, data: Buffer.from('by multi') },
    { kind: 'check', path: root, version: 1 },
    { kind: 'create', path: `${root}/multi/child`, data: null },
    { kind: 'delete', path: `${root}/multi/child` },
  ]);
  await expectFailure(
    client.multi([
      { kind: 'setData', path: root, data: Buffer.from('never') },
      { kind: 'delete', path: `${root}/absent` },
    ]),
  );
  await expectFailure(client.create(root, 'again'));
  await expectFailure(client.delete(`${root}/absent`));
  return (await client.setData(root, 'last')).zxid;
}

async function expectFailure(promise: Promise<unknown>): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ZooKeeperError)) throw new Error(`expected a refusal, got ${String(error)}`);
}
