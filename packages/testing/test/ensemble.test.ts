import { expect, test } from 'vitest';
import { startEnsemble } from '../src/index.ts';

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
