/** Followers with `observerMasterPort` serve observers too, and so spare the leader. */
import { appendFile } from 'node:fs/promises';
import { createEnsemble, freePorts } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { connect } from '../src/index.ts';
import { MirrorRun } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

test('follows a follower, and the next one when that dies', async () => {
  await using ensemble = await createEnsemble();
  const ports = await freePorts(ensemble.servers.length);
  // Servers on machines of their own would all use one port.
  for (const [index, server] of ensemble.servers.entries()) {
    await appendFile(server.configFile, `observerMasterPort=${ports[index]}\n`);
  }
  await ensemble.start();
  const leader = await ensemble.waitForQuorum();
  const client = await connect({ connectString: leader.connectString });
  const servers = ensemble.servers.map((server, index) => `${server.host}:${ports[index]}`);
  await using run = new MirrorRun({ servers });
  await run.until('a follower', () => run.story.includes('synced'));
  await run.reached(await writeEverything(client, '/one', false));
  const epoch = run.tree.zxid >> 32n;
  const follower = await ensemble.follower();
  await follower?.kill();
  await run.reached(await writeEverything(client, '/two', false));
  expect(run.tree.state).toBe('verified');
  expect(run.tree.zxid >> 32n).toBe(epoch);
  await client.close();
  await run.stop();
});
