import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { flagsWithoutEffect, readFlags } from './flags.ts';

let etc: string;

beforeEach(async () => {
  etc = await temporaryFolder('etc');
});

afterEach(async () => {
  await removeFolder(etc);
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(etc, path, '..'), { recursive: true });
  await writeFile(join(etc, path), text);
}

const configOf = async (args: readonly string[], environment = {}) =>
  readConfig(await readFlags({ args: ['--work_dir=/var/lib/mesos', ...args], environment, etc }));

test('flags come from the command line, the environment and files, in this order', async () => {
  await write('mesos/zk', 'zk://a:2181/mesos\n');
  await write('mesos-master/port', '6000\n');
  await write('mesos-master/cluster', 'from-file');
  await write('mesos-master/?authenticate_agents', '');
  await write('mesos-master/?no-filter_gpu_resources', '');
  const environment = {
    MESOS_CLUSTER: 'from-environment',
    MESOS_PORT: '7000',
    MESOS_NATIVE_JAVA_LIBRARY: '/x',
  };
  const flags = await readFlags({
    args: ['--port', '8000', '--no-authenticate_frameworks'],
    environment,
    etc,
  });
  expect(flags).toMatchObject({
    ...{ port: '8000', cluster: 'from-environment', zk: 'zk://a:2181/mesos' },
    ...{ authenticate_agents: 'true', filter_gpu_resources: 'false', authenticate_frameworks: 'false' },
  });
});

test('durations, rates and percentages are read as Mesos writes them', async () => {
  const config = await configOf([
    '--agent_ping_timeout=1secs',
    '--agent_removal_rate_limit=1/10mins',
    '--recovery_agent_removal_limit=25%',
    '--offer_timeout=2mins',
    '--quorum=2',
  ]);
  expect(config).toMatchObject({
    core: {
      ...{ agentPingTimeoutMs: 1000, agentRemovalIntervalMs: 600_000, recoveryAgentRemovalLimit: 0.25 },
      offerTimeoutMs: 120_000,
    },
    ...{ store: 'sqlite:/var/lib/mesos/registry.db', zk: undefined },
    minAllocatable: [[['cpus', 10]], [['mem', 32_000]]],
  });
});

test('without an address a master is on loopback alone, and says the same of itself', async () => {
  expect(await configOf([])).toMatchObject({
    ...{ ip: '127.0.0.1', advertisedIp: '127.0.0.1', hostname: 'localhost', port: 5050 },
  });
  expect(await configOf(['--hostname=m1'])).toMatchObject({ hostname: 'm1', advertisedIp: '127.0.0.1' });
  expect(await configOf(['--ip=127.0.0.5', '--no-hostname_lookup'])).toMatchObject({
    ...{ ip: '127.0.0.5', advertisedIp: '127.0.0.5', hostname: '127.0.0.5' },
  });
});

test('on every address, others are told one that they can reach', async () => {
  const { ip, advertisedIp } = await configOf(['--ip=0.0.0.0', '--no-hostname_lookup']);
  expect(ip).toBe('0.0.0.0');
  expect(advertisedIp).not.toBe('0.0.0.0');
  const advertised = ['--ip=0.0.0.0', '--advertise_ip=192.0.2.7', '--advertise_port=80', '--hostname=m'];
  expect(await configOf(advertised)).toMatchObject({ advertisedIp: '192.0.2.7', advertisedPort: 80 });
  expect(await configOf(['--no-hostname_lookup'], { LIBPROCESS_IP: '127.0.0.9' })).toMatchObject({
    advertisedIp: '127.0.0.9',
  });
  expect(await configOf(['--ip_discovery_command=echo 127.0.0.8'])).toMatchObject({ ip: '127.0.0.8' });
});

test('flags are known by their old names too', async () => {
  const config = await configOf(['--slave_ping_timeout=2secs', '--max_slave_ping_timeouts=3']);
  expect(config.core).toMatchObject({ agentPingTimeoutMs: 2000, maxAgentPingTimeouts: 3 });
});

test('a domain, and what frameworks may be', async () => {
  const domain = '{"fault_domain":{"region":{"name":"eu"},"zone":{"name":"a"}}}';
  const config = await configOf([`--domain=${domain}`, '--roles=web,batch', '--no-root_submissions']);
  expect(config.domain?.faultDomain?.region.name).toBe('eu');
  expect([...(config.core.roles ?? [])]).toEqual(['*', 'web', 'batch']);
  expect(config.core.allowsRoot).toBe(false);
});

test('every flag with a default can be read with it, and those without effect are told of', async () => {
  const flags = await readFlags({
    args: ['--work_dir=/w', '--quorum=2', '--http_authenticators=basic'],
    etc,
  });
  expect(flagsWithoutEffect(flags).map(({ name }) => name)).toEqual(['quorum']);
});

test.each([
  [['--nonsense=1'], /no flag "nonsense"/],
  [['--port=x'], /--port is "x", not a whole number/],
  [['--agent_ping_timeout=15'], /--agent_ping_timeout is "15", not a duration/],
  [['--recovery_agent_removal_limit=0.5'], /not a percentage/],
  [['--authenticate_agents=perhaps'], /not true or false/],
  [['--authenticate_agents'], /there are no credentials/],
  [['--acls=/nowhere'], /cannot be read/],
  [['plain'], /is no flag/],
  [['--http_authenticators=com_example'], /modules cannot be loaded/],
  [['--hooks=x'], /modules cannot be loaded/],
  [['--ip=::1'], /not an IPv4 address/],
  [['--ip=1.2.3.4', '--ip_discovery_command=x'], /both given/],
  [['--ip_discovery_command=exit 1'], /failed/],
  [['--port=70000'], /not a port/],
  [['--weights=web=0'], /--weights: "web=0" cannot be/],
  [['--weights=/web=1'], /cannot start with a slash/],
  [['--rate_limits={"limits":[{}]}'], /--rate_limits: an entry has no principal/],
  [['--firewall_rules={}'], /--firewall_rules is not/],
  [['--domain={}'], /defines no `fault_domain`/],
  [['--allocator_agent_recovery_factor=2'], /between 0 and 1/],
])('%j is refused', async (args, message) => {
  await expect(configOf(args)).rejects.toThrow(message);
});

test('no secret is shown among the flags', async () => {
  const config = await configOf([
    '--zk=zk://user:password@a:2181/mesos',
    '--credentials={"credentials":[{"principal":"p","secret":"hush"}]}',
  ]);
  expect(JSON.stringify(config.flags)).not.toMatch(/password|hush/);
  expect(config.zk?.credentials).toBe('user:password');
});
