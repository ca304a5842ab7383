import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaToMarkdown } from '@orchestrator/runtime';
import { expect, test } from 'vitest';
import { accessOf, connectStringOf } from './access.ts';
import { loadMigrationConfig, parseMigrationRequest } from './load.ts';
import { migrationConfigSchema } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'migration-config-'));

function fileOf(text: string): string {
  const file = join(folder, 'migration.yaml');
  writeFileSync(file, text);
  return file;
}

const documented = `migration:
  name: "prod-zk-migration"
  source:
    zookeeper: "10.0.1.10:2181,10.0.1.11:2181,10.0.1.12:2181"
    mesos_masters: ["10.0.2.10:5050", "10.0.2.11:5050"]
    mesos_agents: ["10.0.3.10:5051", "10.0.3.11:5051"]
  target:
    zookeeper: "10.1.1.10:2181"
    mesos_masters: ["10.1.2.10:5050"]
    mesos_agents: ["10.1.3.10:5051"]
  sync:
    lag_threshold_ms: 100
    conflict_resolution: "last-write-wins"
    paths_to_sync: ["/mesos"]
  orchestration:
    require_manual_approval: true
    health_check_interval_sec: 10
    rollback_retention_hours: 72
  alerts:
    slack_webhook: "https://hooks.example.com/services/abc"
    email: ["ops@example.com"]
`;

test('the documented file is read as it stands, and flags win over it', () => {
  const file = fileOf(documented);
  expect(loadMigrationConfig({ file })).toMatchObject({
    name: 'prod-zk-migration',
    source: { deploy: { kind: 'manual' } },
    target: { deploy: { kind: 'adopt' } },
    sync: { paths_to_sync: ['/mesos'], conflict_resolution: 'last-write-wins' },
    orchestration: { rollback_retention_hours: 72 },
  });
  const flags = { 'migration.target.zookeeper': 'zk-b:2181' };
  expect(connectStringOf(loadMigrationConfig({ file, flags }).target)).toBe('zk-b:2181');
});

test('the least file: a name and where the source is', () => {
  const config = loadMigrationConfig({
    file: fileOf(
      'migration:\n  name: m\n  source: {zookeeper: "a:2181"}\n  target:\n    deploy:\n      kind: local\n      servers: [{id: 1, client_port: 3181}, {id: 2, client_port: 3182}]\n',
    ),
  });
  expect(connectStringOf(config.target)).toBe('127.0.0.1:3181,127.0.0.1:3182');
  expect(config.sync).toMatchObject({
    lag_threshold_ms: 100,
    paths_to_sync: ['/'],
    capture: { source: 'auto' },
  });
});

test('what is wrong is named with its line and a remedy', () => {
  const file = fileOf(
    documented
      .replace('lag_threshold_ms: 100', 'lag_treshold_ms: 100')
      .replace('"last-write-wins"', 'newest')
      .replace('["/mesos"]', '["mesos/"]')
      .replace('"10.1.1.10:2181"', '"10.1.1.10/chroot"'),
  );
  const problem = (() => {
    try {
      loadMigrationConfig({ file });
      return '';
    } catch (error) {
      return String(error);
    }
  })();
  expect(problem).toContain('yaml:8: migration.target.zookeeper: "10.1.1.10/chroot"');
  expect(problem).toContain(
    'yaml:12: migration.sync.lag_treshold_ms: unknown key; did you mean "lag_threshold_ms"?',
  );
  expect(problem).toContain(
    'yaml:13: migration.sync.conflict_resolution: "newest": expected last-write-wins | source-wins | manual',
  );
  expect(problem).toContain('write it like "/mesos"');
});

test('a secret in the file is refused without being shown', () => {
  const file = fileOf(
    'migration:\n  name: m\n  source:\n    zookeeper: a:2181\n    sasl: {username: u, password: hunter2}\n  target: {zookeeper: "b:2181"}\n',
  );
  expect(() => loadMigrationConfig({ file })).toThrow('a secret itself does not belong into this file');
  expect(() => loadMigrationConfig({ file })).not.toThrow('hunter2');
});

test('a request may give addresses beside the configuration, and names what is missing', () => {
  const config = parseMigrationRequest({ source_zk: 'a:2181', target_zk: 'b:2181', config: { name: 'm' } });
  expect([config.source.zookeeper, config.target.zookeeper]).toEqual(['a:2181', 'b:2181']);
  expect(() => parseMigrationRequest({ config: { name: 'm', sync: { paths: [] } } })).toThrow(
    /source.*sync.*Unrecognized key.*"paths"|sync.*source/s,
  );
});

test('secrets are read when they are needed, and a missing one is named', async () => {
  writeFileSync(join(folder, 'secret'), 'super:hunter2\n');
  const config = parseMigrationRequest({
    source_zk: 'a:2181',
    target_zk: 'b:2181',
    config: { name: 'm', source: { auth: [{ credential: { file: join(folder, 'secret') } }] } },
  });
  expect(await accessOf(config.source)).toEqual({
    connectString: 'a:2181',
    quorumServers: [],
    auth: [{ scheme: 'digest', credential: 'super:hunter2' }],
  });
  const missing = { ...config.source, auth: [{ scheme: 'digest', credential: { env: 'NO_SUCH_SECRET' } }] };
  await expect(accessOf(missing)).rejects.toThrow('NO_SUCH_SECRET is not set');
});

test('every key of the reference has a meaning', () => {
  const rows = schemaToMarkdown(migrationConfigSchema)
    .split('\n')
    .slice(2)
    .filter((row) => row !== '');
  const without = rows.filter((row) => / \|\s*\|$/.test(row));
  expect(without).toEqual([]);
  expect(rows.length).toBeGreaterThan(60);
});
