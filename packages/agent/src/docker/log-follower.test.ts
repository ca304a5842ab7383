import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkpointFile, removeStrayCheckpoints } from './log-follower.ts';

test('checkpoints of containers that are gone are removed, also those half written; nothing else is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-follower-'));
  try {
    const names = [checkpointFile(folder, 'gone'), `${checkpointFile(folder, 'half')}.new`];
    const kept = [checkpointFile(folder, 'there'), join(folder, 'other.json')];
    for (const name of [...names, ...kept]) await writeFile(name, '{}');
    await removeStrayCheckpoints(folder, (containerId) => containerId === 'there');
    expect((await readdir(folder)).sort()).toEqual(['other.json', 'there.log.json']);
    await removeStrayCheckpoints(join(folder, 'missing'), () => false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
