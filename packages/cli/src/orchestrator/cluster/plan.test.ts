import { expect, test } from 'vitest';
import { type PlanOptions, planCluster, shareOf } from './plan.ts';

const options: PlanOptions = {
  ...{ folder: '/w', name: 'local', zk: undefined, zookeeper: undefined, containerizers: ['native'] },
  ...{ masterPorts: [5050], agentPorts: [5060], program: ['node', 'main.ts'] },
  ...{ masterFlags: [], agentFlags: [], agentResources: () => 'cpus:1' },
};

test('a single master needs nobody else', () => {
  const { masters, zk, parts } = planCluster(options);
  expect({ masters, zk }).toEqual({ masters: ['127.0.0.1:5050'], zk: null });
  expect(parts.map(({ name }) => name)).toEqual(['master-1', 'agent-1']);
  expect(parts[0]?.flags).not.toContainEqual(expect.stringContaining('--zk'));
  expect(parts[1]?.flags).toContain('--master=127.0.0.1:5050');
  expect(parts[1]?.command).toEqual(['node', 'main.ts', 'agent']);
});

test('several share a registry, and a ZooKeeper of their own or of others', () => {
  const own = planCluster({
    ...options,
    masterPorts: [5050, 5051, 5052],
    zookeeper: { port: 2181, command: ['java'] },
  });
  expect(own.parts.map(({ kind }) => kind)).toEqual(['zookeeper', 'master', 'master', 'master', 'agent']);
  for (const { flags, kind } of own.parts) {
    if (kind === 'master') expect(flags).toContain('--store=sqlite:/w/registry.db');
    if (kind === 'agent') expect(flags).toContain('--master=zk://127.0.0.1:2181/mesos');
  }
  const others = planCluster({ ...options, masterPorts: [1, 2], zk: 'zk://z:1/m' });
  expect(others.zk).toBe('zk://z:1/m');
  expect(others.parts.map(({ kind }) => kind)).not.toContain('zookeeper');
});

test('flags that are given come last, and so win', () => {
  const { parts } = planCluster({
    ...options,
    masterFlags: ['--cluster=mine'],
    agentFlags: ['--attributes=x:y'],
  });
  expect(parts.map(({ flags }) => flags.at(-1))).toEqual(['--cluster=mine', '--attributes=x:y']);
});

test('nothing of a Mesos that is installed on the machine is taken for this cluster', () => {
  for (const { environment, folder } of planCluster(options).parts)
    expect(environment).toEqual({ ORCHESTRATOR_ETC: folder });
});

test('agents share the machine, and have different ports', () => {
  const machine = { cpus: 8, memBytes: 16 * 2 ** 30, diskBytes: 100 * 2 ** 30 };
  expect(shareOf(machine, 2, 0)).toBe('cpus:4;mem:6144;disk:25600;ports:[31000-31499]');
  expect(shareOf(machine, 2, 1)).toBe('cpus:4;mem:6144;disk:25600;ports:[31500-31999]');
  expect(shareOf({ ...machine, cpus: 1 }, 3, 0)).toMatch(/^cpus:1;/);
});
