import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from '@orchestrator/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { readFlags } from './flags.ts';

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
    ...{ agentPingTimeoutMs: 1000, agentRemovalIntervalMs: 600_000, recoveryAgentRemovalLimit: 0.25 },
    ...{ offerTimeoutMs: 120_000, store: 'sqlite:/var/lib/mesos/registry.db', zk: undefined },
    minAllocatable: [[['cpus', 10]], [['mem', 32_000]]],
  });
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
