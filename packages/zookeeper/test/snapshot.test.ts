/** A snapshot written from a mirror seeds real servers, which then hold what the source holds, down to every field. */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createEnsemble, type Ensemble, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connect,
  createTree,
  nodeKind,
  openAcl,
  readSnapshot,
  type Stat,
  seedZxid,
  sessionPassword,
  type Tree,
  type WriteSnapshotOptions,
  type WrittenSnapshot,
  writeSnapshot,
  type ZooKeeperClient,
} from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

const jvmFlags = ['-Dzookeeper.extendedTypesEnabled=true'];
let source: Ensemble;
let client: ZooKeeperClient;
let run: MirrorRun;
let tree: Tree;
let folder: string;

beforeAll(async () => {
  source = await startEnsemble({ servers: 1, jvmFlags, config: { standaloneEnabled: 'false' } });
  client = await connect({ connectString: source.connectString, sessionTimeoutMs: 20_000 });
  await writeEverything(client, '/first', true);
  const last = await writeEverything(client, '/second', true);
  run = new MirrorRun({ servers: quorumAddresses(source) }, { retainData: true });
  await run.reached(last);
  tree = run.tree;
  folder = await temporaryFolder('snapshots');
});

afterAll(async () => {
  await run?.stop();
  await client?.close();
  await source?.close();
});

function write(options: Partial<WriteSnapshotOptions>): Promise<WrittenSnapshot> {
  return writeSnapshot({ source: tree, folder, zxid: seedZxid(tree.zxid), targetVersion: '3.8', ...options });
}

/** What the servers of an ensemble write into `/zookeeper/config`. */
function configOf({ servers }: Ensemble): string {
  const lines = servers.map(
    ({ id, host, quorumPort, electionPort, clientPort }) =>
      `server.${id}=${host}:${quorumPort}:${electionPort}:participant;${host}:${clientPort}\n`,
  );
  return `${lines.join('')}version=0`;
}

/** A running ensemble whose servers found a snapshot in their data folders. */
async function startSeeded(
  version: '3.4' | '3.8' | '3.9',
  seedFor: (target: Ensemble) => Promise<WrittenSnapshot>,
): Promise<Ensemble> {
  const target = await createEnsemble({ version, jvmFlags });
  const seed = await seedFor(target);
  for (const server of target.servers) {
    const versioned = join(server.dataDir, 'version-2');
    await mkdir(versioned, { recursive: true });
    await copyFile(seed.file, join(versioned, basename(seed.file)));
  }
  await target.start();
  await target.waitForQuorum();
  return target;
}

/** What a client sees of a node, from what a server keeps of it. */
function clientStat(held: ReturnType<Tree['get']>): Stat | undefined {
  if (held === undefined) return undefined;
  const { stat, dataLength, numChildren } = held;
  const ephemeralOwner = nodeKind(stat.ephemeralOwner) === 'ephemeral' ? stat.ephemeralOwner : 0n;
  return { ...stat, ephemeralOwner, cversion: stat.cversion * 2 - numChildren, dataLength, numChildren };
}

describe.each(['3.8', '3.9'] as const)('a %s ensemble', (targetVersion) => {
  test('starts with every node and every field of the source', async () => {
    await using target = await startSeeded(targetVersion, (ensemble) =>
      write({ targetVersion, sessions: 'keep', ensembleConfig: configOf(ensemble) }),
    );
    for (const server of target.servers) {
      const reader = await connect({ connectString: server.connectString });
      expect((await reader.getConfig()).data?.toString()).toBe(configOf(target));
      for (const node of tree.walk()) {
        if (node.path.startsWith('/zookeeper')) continue;
        const { data, stat } = await reader.getData(node.path);
        expect(stat, node.path).toEqual(clientStat(node));
        expect(data ?? Buffer.alloc(0), node.path).toEqual(node.data ?? Buffer.alloc(0));
        expect((await reader.getAcl(node.path)).acl, node.path).toEqual(node.acl);
      }
      await reader.close();
    }
    await using mirrored = new MirrorRun({ servers: quorumAddresses(target) });
    await mirrored.until('the snapshot', () => mirrored.story.includes('synced'));
    const writer = await connect({ connectString: target.connectString });
    await mirrored.reached((await writer.create('/new', '')).zxid);
    expect(mirrored.tree.state).toBe('verified');

    // A client can take its session along: same id, ephemerals alive, until it leaves.
    const id = client.session?.id ?? 0n;
    const moved = await connect({
      connectString: target.connectString,
      session: { id, password: sessionPassword(id) },
    });
    expect((await moved.getEphemerals('/')).ephemerals).toHaveLength(tree.ephemeralsOf(id).length);
    await moved.close();
    expect((await writer.exists('/first/ephemeral')).stat).toBeNull();
    expect((await client.exists('/first/ephemeral')).stat).not.toBeNull();
    await writer.close();
  });
});

test('a 3.4 ensemble gets what it knows: containers and TTL nodes become persistent', async () => {
  const seed = await write({ targetVersion: '3.4', exclude: (path) => path === '/second' });
  expect(seed.changes).toEqual({ container: 1, ttl: 1, ephemeral: 4, excluded: 1, ensemble: 1 });
  expect(seed.changedPaths.ttl).toEqual(['/first/ttl']);
  await using target = await startSeeded('3.4', async () => seed);
  for (const server of target.servers) {
    const reader = await connect({ connectString: server.connectString });
    expect((await reader.exists('/second')).stat).toBeNull();
    expect((await reader.exists('/first/ephemeral')).stat).toBeNull();
    for (const path of ['/first/container/child', '/first/container', '/first/ttl', '/first']) {
      const { stat } = await reader.exists(path);
      const { cversion, numChildren, ...rest } = clientStat(tree.get(path)) as Stat;
      expect(stat, path).toMatchObject(rest);
    }
    await reader.close();
  }
});

test('sequence counters are raised, nodes of our own added', async () => {
  const stat = {
    czxid: 1n,
    mzxid: 1n,
    pzxid: 1n,
    ctime: 5,
    mtime: 6,
    version: 7,
    cversion: 0,
    aversion: 0,
    ephemeralOwner: 0n,
  };
  const add = [{ path: '/cursor', data: Buffer.from('start'), acl: openAcl, stat }];
  const seed = await write({ sequenceGap: 1000, add });
  expect(seed.changedPaths.sequence).toEqual(['/first', '/second']);
  await using target = await startSeeded('3.8', async () => seed);
  const writer = await connect({ connectString: target.connectString });
  const next = await client.create('/first/n-', '', { mode: 'persistentSequential' });
  const nextThere = await writer.create('/first/n-', '', { mode: 'persistentSequential' });
  expect(Number(nextThere.path.slice(-10))).toBe(Number(next.path.slice(-10)) + 1000);
  expect((await writer.getData('/cursor')).stat).toMatchObject({ version: 7, mtime: 6 });
  await writer.close();
});

test('reads what a real server wrote', async () => {
  // A server takes a snapshot when it starts to lead.
  const snapshots = join(source.servers[0]?.dataDir ?? '', 'version-2');
  await client.close();
  await source.servers[0]?.stop();
  await source.servers[0]?.start();
  await source.waitForQuorum();
  const newest =
    (await readdir(snapshots))
      .filter((name) => name.startsWith('snapshot.'))
      .sort()
      .at(-1) ?? '';
  const loaded = createTree();
  const { digest } = await readSnapshot(join(snapshots, newest), {
    node: (node) => loaded.addNode(node),
    session: (session) => loaded.addSession(session),
  });
  expect(loaded.has('/first/umlaut-é-日本')).toBe(true);
  expect(digest?.digest).toBe(loaded.digest);
});
