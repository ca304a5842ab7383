/** After completion: what is kept for a way back, and what is left once there is none any more. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import { openStage } from './faults/stage.ts';
import { writeMigrationFile } from './migration-file.ts';
import { treeState } from './tree-state.ts';
import { zkMigrate } from './zk-migrate.ts';

const patience = { timeout: 60_000, interval: 100 };

test('when the way back is over, nothing of ours is left on B, and the records and the archive are', async () => {
  const servers = { servers: 1, config: { standaloneEnabled: 'false' } };
  await using stage = await openStage({ source: servers, target: servers });
  const { a, b, workFolder: folder, source, target } = stage;
  const cli = zkMigrate({ workFolder: join(folder, 'work') });
  try {
    const { file, archiveFolder } = await writeMigrationFile({
      ...{ folder, source, target },
      lines: ['  sync: { lag_threshold_ms: 5000 }'],
      orchestration: 'require_manual_approval: false, rollback_retention_hours: 0.001',
    });
    await a.create('/app', 'data');
    await Promise.all([a.close(), b.close()]);
    const server = cli.start('serve');
    await expect.poll(() => server.text(), patience).toContain('serving at');
    const done = await cli.run('start', `--config=${file}`);
    expect(done, done.stdout + done.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('the migration is complete'),
    });
    const { id } = await cli.json<{ id: string }>('status');
    expect((await treeState(target.connectString)).join('\n')).toContain('/orchestrator-sync/');

    await expect.poll(async () => (await cli.run('audit')).stdout, patience).toContain('tidied up');
    expect((await treeState(target.connectString)).join('\n')).not.toContain('orchestrator');
    const onB = await connect({ connectString: target.connectString });
    expect(String((await onB.getData('/app')).data)).toBe('data');
    await onB.close();

    const late = await cli.run('rollback', '--to-phase=1', '--confirm');
    expect(late).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('rollback_retention_hours') });
    expect(await readdir(archiveFolder)).toEqual([`e2e-${id}.zkarchive`]);
    expect(await cli.run('report', '--format=markdown')).toMatchObject({ exitCode: 0 });
    expect((await cli.run('audit', 'verify')).stdout).toMatch(/^intact/);
    expect(await cli.json('status')).toMatchObject({ status: 'completed' });
    expect(existsSync(source.servers[0]?.dataDir ?? '')).toBe(true);
  } finally {
    await cli.close();
  }
});
