import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createEnsemble, startEnsemble } from '../src/index.ts';
import { javaClient } from './java-client.ts';

test('a three-server ensemble elects, survives its leader and takes it back', async () => {
  await using ensemble = await startEnsemble();
  const first = await ensemble.waitForQuorum();
  await first.kill();
  expect(first.state).toBe('stopped');
  const second = await ensemble.waitForQuorum();
  expect(second.id).not.toBe(first.id);
  await first.start();
  await ensemble.waitForQuorum();
  expect((await first.monitor()).get('zk_server_state')).toBe('follower');
});

test('a server is frozen, thawed, emptied and restarted', async () => {
  await using ensemble = await startEnsemble({ servers: 3, config: { snapCount: '1000' } });
  await javaClient(ensemble.connectString, ['create', '/kept', 'data']);
  const server = (await ensemble.follower())!;
  server.pause();
  expect(server.state).toBe('paused');
  await expect(server.fourLetter('ruok')).rejects.toThrow('no answer within');
  server.resume();
  expect(await server.fourLetter('ruok')).toBe('imok');
  await expect(server.wipe()).rejects.toThrow(`ZooKeeper server ${server.id} is running`);
  await server.stop();
  await server.wipe();
  await server.start();
  await ensemble.waitForQuorum();
  expect((await javaClient(server.connectString, ['get', '/kept'])).stdout).toContain('data');
  await server.restart();
  await ensemble.waitForQuorum();
  expect(await readFile(server.configFile, 'utf8')).toContain('snapCount=1000');
});

test('one server runs standalone, or as a quorum of one with a quorum port', async () => {
  const roleOf = async (config: Record<string, string>) => {
    await using ensemble = await startEnsemble({ servers: 1, config });
    return (await ensemble.servers[0]!.monitor()).get('zk_server_state');
  };
  expect(await roleOf({})).toBe('standalone');
  expect(await roleOf({ standaloneEnabled: 'false' })).toBe('leader');
});

test('a server that cannot start says why, and nothing is left of the ensemble', async () => {
  const ensemble = await createEnsemble({ servers: 1, config: { tickTime: 'soon' } });
  await expect(ensemble.start()).rejects.toThrow(/ended with exit code \d+; its log:\n.*soon/s);
  const { dataDir } = ensemble.server(1);
  expect(existsSync(dataDir)).toBe(true);
  await ensemble.close();
  expect(existsSync(dataDir)).toBe(false);
});
