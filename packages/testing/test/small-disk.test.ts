import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mountSmallDisk, startEnsemble, waitFor } from '../src/index.ts';
import { javaClient } from './java-client.ts';

test('a server whose disk is full serves no more, the others go on, and it comes back with space', async () => {
  await using disk = await mountSmallDisk({ sizeMb: 8 });
  await using ensemble = await startEnsemble({ dataDirs: { 1: join(disk.path, 'data') } });
  await disk.fill();
  await expect(writeFile(join(disk.path, 'more'), Buffer.alloc(10_000))).rejects.toThrow('ENOSPC');
  await javaClient(ensemble.server(2).connectString, ['create', '/big', 'x'.repeat(100_000)]);
  const full = ensemble.server(1);
  await waitFor(async () => (await readFile(full.logFile, 'utf8')).includes('No space left on device'), {
    what: 'the server to notice',
  });
  await waitFor(async () => (await full.monitor()).get('zk_server_state') === undefined, {
    what: 'the server to serve no more',
  });
  expect((await javaClient(ensemble.server(2).connectString, ['get', '/big'])).stdout).toContain('xxxxx');
  await disk.free();
  await full.kill();
  // ZooKeeper leaves a log file without a header behind, which it then cannot read; operators have to remove it too.
  await full.wipe();
  await full.start();
  await ensemble.waitForQuorum();
  expect((await javaClient(full.connectString, ['get', '/big'])).stdout).toContain('xxxxx');
});
