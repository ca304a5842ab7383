/** No space left on the disks of the target: first on one server, which the others make good, then on all of them. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type EnsembleServer, mountSmallDisk, type SmallDisk, waitFor } from '@orchestrator/testing';
import { afterAll, beforeAll, test } from 'vitest';
import { expectIntact } from './intact.ts';
import { openStage, pause, type Stage } from './stage.ts';

let disks: SmallDisk[];
let stage: Stage;

beforeAll(async () => {
  disks = await Promise.all([1, 2, 3].map(() => mountSmallDisk({ sizeMb: 24 })));
  const dataDirs = Object.fromEntries(disks.map(({ path }, index) => [index + 1, join(path, 'data')]));
  // Logs of 1 MB in place of 64, and room for more than one.
  stage = await openStage({ target: { dataDirs, jvmFlags: ['-Dzookeeper.preAllocSize=1024'] } });
});

afterAll(async () => {
  await stage.close();
  await Promise.all(disks.map((disk) => disk.close()));
});

/** ZooKeeper leaves logs without a header behind, which it cannot read; operators have to remove them. */
async function repair(server: EnsembleServer): Promise<void> {
  await server.kill();
  const folder = join(server.dataDir, 'version-2');
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    if (name.startsWith('log.') && (await stat(file)).size < 16) await rm(file);
  }
  await server.start();
}

const isOut = async (server: EnsembleServer) =>
  server.state === 'stopped' || (await server.monitor()).get('zk_server_state') === undefined;

test('one server with a full disk, and then all of them', async () => {
  await using engine = await stage.engine();
  await engine.lead();
  const load = await stage.load('disk');
  const [, , third] = stage.target.servers;
  await disks[2]?.fill();
  await waitFor(() => third !== undefined && isOut(third), { what: 'the third server to serve no more' });
  await pause(1_000);
  const isSyncing = async () => (await engine.status()).state === 'syncing';
  await waitFor(isSyncing, { what: 'changes to go on by the other two' });

  await Promise.all(disks.map((disk) => disk.fill()));
  const allOut = async () => (await Promise.all(stage.target.servers.map(isOut))).every(Boolean);
  await waitFor(allOut, { what: 'the target to serve no more' });
  await pause(1_000);
  await Promise.all(disks.map((disk) => disk.free()));
  await Promise.all(stage.target.servers.map(repair));
  await stage.target.waitForQuorum();
  await expectIntact({ stage, engine, load });
});
