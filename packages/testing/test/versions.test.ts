import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startEnsemble } from '../src/index.ts';

test.each([
  ['3.4', /^3\.4\.13/],
  ['3.8', /^3\.8\./],
  ['3.9', /^3\.9\.3/],
] as const)('a three-server ensemble of %s starts', async (version, reported) => {
  await using ensemble = await startEnsemble({ version, observers: 1 });
  const leader = await ensemble.waitForQuorum();
  const monitor = await leader.monitor();
  expect(monitor.get('zk_version')).toMatch(reported);
  expect(await readFile(`/proc/${leader.pid}/maps`, 'utf8')).toContain(`/classes-${version}-`);
  expect((await ensemble.server(4).monitor()).get('zk_server_state')).toBe('observer');
});
