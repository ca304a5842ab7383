import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { flagRows } from '@orchestrator/mesos';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withAddress } from './address.ts';
import { agentConfig, agentInfoOf } from './config.ts';
import { flagTable } from './flag-table.ts';
import { agentFlagNames, flagsWithoutEffect, readAgentFlags } from './flags.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder('config');
});
afterAll(() => removeFolder(folder));

const configOf = (more: Record<string, string> = {}) =>
  agentConfig({ master: 'm:5050', work_dir: folder, hostname: 'h', ...more });

test('the command line wins over the environment, that over files, and each wins over the default', async () => {
  await mkdir(join(folder, 'mesos-slave'));
  await mkdir(join(folder, 'mesos'));
  await writeFile(join(folder, 'mesos/zk'), 'zk://z:2181/mesos\n');
  for (const [name, text] of [
    ['attributes', 'rack:file\n'],
    ['port', '1'],
    ['ip', '10.0.0.1'],
    ['?no-switch_user', ''],
  ])
    await writeFile(join(folder, 'mesos-slave', name as string), text as string);
  const flags = await readAgentFlags({
    args: ['--port=3', '--no-cgroups_enable_cfs'],
    environment: { MESOS_PORT: '2', MESOS_IP: '10.0.0.2', MESOS_SANDBOX: '/x', HOME: '/root' },
    etc: folder,
  });
  expect(flags).toMatchObject({ master: 'zk://z:2181/mesos', attributes: 'rack:file', switch_user: 'false' });
  expect(flags).toMatchObject({ port: '3', ip: '10.0.0.2', cgroups_enable_cfs: 'false' });
  expect(flags).not.toHaveProperty('sandbox');
});

test('what an agent is comes from its flags', () => {
  const config = configOf({
    resources: 'cpus:4;mem:1024;disk:10;ports:[31000-31001]',
    attributes: 'rack:r1;level:3;slots:[1-2,5-6]',
    domain: '{"fault_domain": {"region": {"name": "r"}, "zone": {"name": "z"}}}',
    default_role: 'web',
  });
  const info = agentInfoOf(config);
  expect(info.attributes.map(({ name, type }) => [name, type])).toEqual([
    ['rack', 3],
    ['level', 0],
    ['slots', 1],
  ]);
  expect(info.domain?.faultDomain?.zone?.name).toBe('z');
  expect(info.resources[0]?.reservations[0]?.role).toBe('web');
});

test('what cannot be is said with the name of the flag and what to write', () => {
  const message = (more: Record<string, string>) => {
    try {
      configOf(more);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  expect(message({ porrt: '1' })).toContain('an agent has no flag "porrt"');
  expect(message({ port: '70000' })).toBe('--port is 70000; write 1 to 65535');
  expect(message({ gc_delay: 'soon' })).toBe('--gc_delay is soon; write a duration such as 15secs');
  expect(message({ authenticate_http_executors: 'true' })).toContain('is not supported');
  expect(message({ authenticate_http_executors: 'false' })).toBeUndefined();
  expect(message({ authenticate_http_readonly: 'true' })).toContain('there are no credentials');
  expect(message({ credential: '{"principal": "p", "secrett": "hidden"}' })).not.toContain('hidden');
  expect(message({ acls: '{"view_flags": [{"principals": 3}]}' })).toContain('view_flags[0].principals');
});

test('the disk of containers is measured for those who ask for it, and enforced for those who ask for that', () => {
  const diskOf = (flags: Record<string, string>) => {
    const { containerDiskWatchIntervalMs: intervalMs, enforcesDiskQuota: enforces } = configOf(flags);
    return { intervalMs, enforces };
  };
  expect(diskOf({})).toEqual({ intervalMs: undefined, enforces: false });
  expect(diskOf({ isolation: 'cgroups/cpu,disk/du' })).toEqual({ intervalMs: 15_000, enforces: false });
  expect(diskOf({ enforce_container_disk_quota: 'true' })).toEqual({ intervalMs: 15_000, enforces: true });
});

test('secrets are shown to nobody, and what has no effect is named', () => {
  const { flags } = configOf({
    credential: '{"principal": "p", "secret": "hidden"}',
    master: 'zk://user:hidden@z:2181/mesos',
  });
  expect(JSON.stringify(flags)).not.toContain('hidden');
  expect(flags.master).toBe('zk://***@z:2181/mesos');
  expect(flagsWithoutEffect({ launcher: 'linux', port: '1' })).toEqual(['launcher']);
});

test('where it is reached is found out, and told to others', async () => {
  expect(
    await withAddress({ ip_discovery_command: 'echo 127.0.0.9', hostname_lookup: 'false' }),
  ).toMatchObject({
    ...{ ip: '127.0.0.9', hostname: '127.0.0.9' },
  });
  const everywhere = await withAddress({ ip: '0.0.0.0' });
  expect(everywhere.advertise_ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(everywhere.advertise_ip).not.toBe('0.0.0.0');
  expect(await withAddress({ ip: '0.0.0.0', advertise_ip: '10.0.0.1' })).toMatchObject({
    advertise_ip: '10.0.0.1',
  });
  expect(await withAddress({ ip: '10.0.0.2', hostname: 'h' })).toEqual({ ip: '10.0.0.2', hostname: 'h' });
  const wrong = withAddress({ ip_discovery_command: 'echo nowhere' });
  await expect(wrong).rejects.toThrow(
    'the answer of --ip_discovery_command is "nowhere", not an IPv4 address',
  );
  await expect(withAddress({ ip_discovery_command: 'exit 3' })).rejects.toThrow('failed');
  await expect(withAddress({ ip: '10.0.0.2', ip_discovery_command: 'x' })).rejects.toThrow('both given');
});

test('endpoints are disabled by their paths', () => {
  const rules = (text: string) => configOf({ firewall_rules: text }).disabledEndpoints;
  expect([...rules('{"disabled_endpoints": {"paths": ["/files/browse"]}}')]).toEqual(['/files/browse']);
  for (const wrong of [
    '{',
    '{"disabled_endpoints": ["/state"]}',
    '{"disabled_endpoints": {"paths": "/state"}}',
  ])
    expect(() => rules(wrong)).toThrow('--firewall_rules is not {"disabled_endpoints"');
});

test('every flag with an effect is in the compatibility table', async () => {
  const table = await readFile(
    new URL('../../../docs/orchestrator/compatibility-agent.md', import.meta.url),
    'utf8',
  );
  expect(agentFlagNames.filter((name) => !table.includes(`\`--${name}\``))).toEqual([]);
  const rows = table.split('\n').filter((line) => line.startsWith('| `--'));
  expect(rows.join('\n')).toBe(flagRows(flagTable, '--').join('\n'));
});
