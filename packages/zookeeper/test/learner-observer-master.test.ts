/** Followers with `observerMasterPort` serve observers too, and so spare the leader. */
import { startEnsemble } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { connect } from '../src/index.ts';
import { MirrorRun } from './reference/mirror-run.ts';
import { writeEverything } from './reference/writes.ts';

test('follows a follower, and the next one when that dies', async () => {
  await using ensemble = await startEnsemble({ observerMaster: true });
  const leader = await ensemble.waitForQuorum();
  const client = await connect({ connectString: leader.connectString });
  const servers = ensemble.servers.map((server) => `${server.host}:${server.observerMasterPort}`);
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
