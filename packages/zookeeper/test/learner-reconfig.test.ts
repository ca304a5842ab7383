/** A reconfiguration comes to observers as a packet of its own kind. */
import { startEnsemble } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { connect } from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';

test('a change of the membership is one transaction among the others', async () => {
  await using ensemble = await startEnsemble({
    servers: 2,
    observers: 1,
    config: { reconfigEnabled: 'true' },
    jvmFlags: ['-Dzookeeper.skipACL=yes'],
  });
  const leader = await ensemble.waitForQuorum();
  const client = await connect({ connectString: leader.connectString });
  await using run = new MirrorRun({ servers: quorumAddresses(ensemble) }, { retainData: true });
  await run.until('the snapshot', () => run.story.includes('synced'));
  await client.create('/before', '');
  const { data } = await client.reconfig({ leaving: '3' });
  await run.reached((await client.create('/after', '')).zxid);
  expect(run.tree.get('/zookeeper/config')?.data?.toString()).toBe(data?.toString());
  expect(run.tree.state).toBe('verified');
  await client.close();
  await run.stop();
});
