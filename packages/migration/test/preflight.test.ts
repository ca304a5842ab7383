import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, type Store } from '@orchestrator/store';
import { type Ensemble, freePorts, startEnsemble, temporaryFolder } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMigrationService, type MigrationService, parseMigrationRequest } from '../src/index.ts';

let folder: string;
let source: Ensemble;
let target: Ensemble;
let store: Store;
let service: MigrationService;
let client: ZooKeeperClient;

beforeAll(async () => {
  folder = await temporaryFolder('preflight');
  const options = { servers: 1, config: { standaloneEnabled: 'false' } };
  [source, target] = await Promise.all([startEnsemble(options), startEnsemble(options)]);
  store = await openStore(`sqlite:${join(folder, 'store.db')}`);
  service = createMigrationService({ store, workFolder: join(folder, 'work'), instance: 'one' });
  client = await connect({ connectString: source.connectString });
  await client.create('/app', 'x');
});

afterAll(async () => {
  await client?.close();
  await store.close();
  await Promise.all([source.close(), target.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const quorumPorts = (ensemble: Ensemble) =>
  ensemble.servers.map((server) => `127.0.0.1:${server.quorumPort}`);

interface Change {
  readonly source?: object;
  readonly target?: object;
  readonly sync?: object;
}

async function preflight(change: Change = {}): Promise<Record<string, string>> {
  const results = await service.preflight(
    parseMigrationRequest({
      config: {
        name: 'm',
        source: { zookeeper: source.connectString, quorum_servers: quorumPorts(source), ...change.source },
        target: { zookeeper: target.connectString, quorum_servers: quorumPorts(target), ...change.target },
        sync: change.sync,
      },
    }),
  );
  for (const result of results) if (result.status !== 'ok') expect(result.remedy, result.check).toBeTruthy();
  return Object.fromEntries(results.map(({ check, status, found }) => [check, `${status}: ${found}`]));
}

test('two healthy ensembles are ready, and what was found is told', async () => {
  const found = await preflight();
  expect(Object.entries(found).filter(([, text]) => !text.startsWith('ok: '))).toEqual([]);
  expect(found['version of the source']).toMatch(/^ok: 3\.8\.0$/);
  expect(found['capture at the source']).toContain(`as an observer at ${quorumPorts(source)[0]}`);
  expect(found["clock of the source's leader"]).toMatch(/^ok: -?\d+ ms/);
  expect(found['size of the source']).toMatch(/nodes, \d+ clients, 0 ephemerals/);
  expect(Object.keys(found).length).toBeGreaterThan(14);
});

test('sequential nodes are found, and what that means for a target that runs', async () => {
  await client.create('/queue');
  await client.create('/queue/n-', 'x', { mode: 'persistentSequential' });
  expect((await preflight())['names of sequential nodes']).toMatch(
    /^warn: 1 parents number their children: \/queue; until the first copy/,
  );
  const [child] = (await client.getChildren('/queue')).children;
  await client.delete(`/queue/${child}`);
  await client.delete('/queue');
  expect(await preflight()).not.toHaveProperty('names of sequential nodes');
});

test('without quorum ports it works with less, and says so', async () => {
  const found = await preflight({ source: { quorum_servers: [] } });
  expect(found['capture at the source']).toMatch(/^warn: no quorum ports are given/);
  expect(found["clock of the source's leader"]).toMatch(/^warn: not known/);
});

test('a target that holds other data is refused with what was found, unless it is to be merged', async () => {
  const other = await connect({ connectString: target.connectString });
  await other.create('/foreign', 'x');
  expect((await preflight())['target is empty']).toBe('fail: it holds 1 nodes below /: /foreign');
  expect((await preflight({ sync: { adopt_target: true } }))['target is empty']).toMatch(
    /^warn: .*\/foreign/,
  );
  await other.delete('/foreign');
  await other.close();
});

test('one ensemble under two names is refused', async () => {
  const port = source.servers[0]?.clientPort;
  const found = await preflight({
    target: { zookeeper: `localhost:${port}`, quorum_servers: quorumPorts(source) },
    sync: { adopt_target: true },
  });
  expect(found['source and target are different ensembles']).toMatch(
    /^fail: a session of the source is known/,
  );
});

test('closed nodes are named: readable by an observer only, and not to be written back', async () => {
  await client.create('/closed', 'x', { acl: [{ perms: 31, scheme: 'digest', id: 'owner:hash' }] });
  const observed = await preflight();
  expect(observed['ACLs allow reading']).toContain('1 of');
  expect(observed['ACLs allow writing back']).toMatch(/^warn: .*\/closed/);
  const watched = await preflight({ source: { quorum_servers: [] } });
  expect(watched['ACLs allow reading']).toMatch(/^fail: .*\/closed/);
  const elsewhere = await preflight({ source: { quorum_servers: [] }, sync: { excludes: ['/closed'] } });
  expect(elsewhere['ACLs allow reading']).toMatch(/^ok/);
});

test('a node near jute.maxbuffer is named with the setting that would take it', async () => {
  await client.create('/big', Buffer.alloc(1_000_000));
  expect((await preflight())['largest node fits into jute.maxbuffer']).toMatch(
    /^fail: \/big has 1000000 bytes/,
  );
  await client.delete('/big');
});

test('the deployment can be seen before: derived configuration and commands, and nothing is made', async () => {
  const [client_port, quorum_port, election_port] = await freePorts(3);
  const deploy = {
    kind: 'local',
    folder: join(folder, 'b'),
    servers: [{ id: 1, client_port, quorum_port, election_port }],
  };
  const shown = await service.preview(
    parseMigrationRequest({
      config: { name: 'm', source: { zookeeper: source.connectString }, target: { deploy } },
    }),
  );
  expect(shown.actions[0]).toContain(`clients on 127.0.0.1:${client_port}`);
  expect(shown.zooCfg).toContain('tickTime=500\n');
  expect(shown.zooCfg).toContain('maxSessionTimeout=120000\n');
  expect(existsSync(join(folder, 'b'))).toBe(false);
});

test('nobody there, wrong credentials, ports in use: one finding each and nothing else tried', async () => {
  const [free = 0] = await freePorts(1);
  const absent = await preflight({ source: { zookeeper: `127.0.0.1:${free}` } });
  expect(absent['quorum of the source']).toMatch(/^fail: no server can be reached: .*ECONNREFUSED/);
  expect(Object.keys(absent)).toHaveLength(2);
  const deploy = {
    kind: 'local',
    servers: [{ id: 1, client_port: target.servers[0]?.clientPort, quorum_port: free, election_port: free }],
  };
  const taken = await preflight({ target: { zookeeper: undefined, quorum_servers: [], deploy } });
  expect(taken['addresses of the target are free']).toContain(`something listens at ${target.connectString}`);
});
