import { describe, expect, test } from 'vitest';
import type { ContainerSpec } from '../container/spec.ts';
import { createOptions, dockerProblem } from './create-options.ts';

const settings = { agentName: 'agent', enforceCpuQuota: false, logMaxBytes: 4_000_000 };
const spec = (more: Partial<ContainerSpec> = {}): ContainerSpec => ({
  containerId: 'one',
  command: { shell: true, value: 'echo hello' },
  environment: { A: '1' },
  sandboxPath: '/sandbox',
  resources: { cpus: 0.1, memBytes: 64 * 2 ** 20 },
  image: { name: 'busybox' },
  ...more,
});

test('a plain one', () => {
  expect(createOptions(spec(), settings)).toEqual({
    name: 'mesos-one',
    Image: 'busybox',
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['echo hello'],
    Env: ['A=1', 'MESOS_SANDBOX=/mnt/mesos/sandbox', 'MESOS_CONTAINER_NAME=mesos-one'],
    Labels: {
      'orchestrator.container-id': 'one',
      'orchestrator.agent': 'agent',
      'orchestrator.sandbox': '/sandbox',
    },
    HostConfig: {
      CpuShares: 102,
      Memory: 64 * 2 ** 20,
      MemorySwap: 64 * 2 ** 20,
      NetworkMode: 'host',
      Binds: ['/sandbox:/mnt/mesos/sandbox:rw'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1000000', 'max-file': '4' } },
    },
  });
});

test('without a shell the entrypoint of the image stays', () => {
  const { Entrypoint, Cmd } = createOptions(
    spec({ command: { shell: false, value: 'a', arguments: ['b'] } }),
    settings,
  );
  expect([Entrypoint, Cmd]).toEqual([undefined, ['a', 'b']]);
});

test('limits apart from requests', () => {
  const resources = {
    cpus: 0.001,
    memBytes: 2 ** 30,
    memLimitBytes: Number.POSITIVE_INFINITY,
    cpusLimit: 0.5,
  };
  expect(createOptions(spec({ resources }), settings).HostConfig).toMatchObject({
    CpuShares: 2,
    CpuQuota: 50_000,
    MemoryReservation: 2 ** 30,
  });
  expect(createOptions(spec({ resources }), settings).HostConfig).not.toHaveProperty('Memory');
  const enforced = createOptions(spec(), { ...settings, enforceCpuQuota: true });
  expect(enforced.HostConfig).toMatchObject({ CpuQuota: 10_000 });
});

test('volumes of three kinds, and ports', () => {
  const { HostConfig, ExposedPorts } = createOptions(
    spec({
      network: { mode: 'bridge' },
      portMappings: [{ hostPort: 31_000, containerPort: 80, protocol: 'tcp' }],
      volumes: [
        { source: 'host', hostPath: '/h', containerPath: '/c', readOnly: true },
        { source: 'sandbox', path: 'data', containerPath: 'inner' },
        { source: 'driver', driver: 'local', name: 'vol', containerPath: '/v' },
      ],
    }),
    settings,
  );
  expect(HostConfig?.Binds?.slice(1)).toEqual(['/h:/c:ro', '/sandbox/data:/mnt/mesos/sandbox/inner:rw']);
  expect(HostConfig?.Mounts).toMatchObject([{ Type: 'volume', Source: 'vol', Target: '/v' }]);
  expect(HostConfig?.PortBindings).toEqual({ '80/tcp': [{ HostPort: '31000' }] });
  expect(ExposedPorts).toEqual({ '80/tcp': {} });
});

describe('parameters of docker run', () => {
  const withParameters = (...parameters: { key: string; value: string }[]) =>
    spec({ docker: { parameters } });

  test('each have their place', () => {
    const { Env, Labels, HostConfig, Entrypoint } = createOptions(
      withParameters(
        { key: 'env', value: 'B=2' },
        { key: 'label', value: 'team=one=two' },
        { key: 'shm-size', value: '64m' },
        { key: 'ulimit', value: 'nofile=10:20' },
        { key: 'cap-add', value: 'NET_ADMIN' },
        { key: 'cap-add', value: 'SYS_TIME' },
        { key: 'sysctl', value: 'net.core.somaxconn=1024' },
        { key: 'entrypoint', value: '' },
      ),
      settings,
    );
    expect(Env).toContain('B=2');
    expect(Labels).toMatchObject({ team: 'one=two', 'orchestrator.container-id': 'one' });
    expect(HostConfig).toMatchObject({
      ShmSize: 64 * 2 ** 20,
      Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
      CapAdd: ['NET_ADMIN', 'SYS_TIME'],
      Sysctls: { 'net.core.somaxconn': '1024' },
      Memory: 64 * 2 ** 20,
    });
    expect(Entrypoint).toEqual([]);
  });

  test.each([
    ['frobnicate', 'x', '"frobnicate" is not known'],
    ['constructor', 'x', '"constructor" is not known'],
    ['shm-size', 'much', '"much" is not a size'],
    ['pids-limit', 'many', '"many" is not a number'],
    ['ulimit', 'nofile', 'is not NAME=SOFT[:HARD]'],
    ['restart', 'always', 'not restarted by the Engine'],
  ])('%s=%s is refused', (key, value, message) => {
    expect(dockerProblem(withParameters({ key, value }))).toContain(message);
  });
});

test.each<[Partial<ContainerSpec>, string]>([
  [{ portMappings: [{ hostPort: 1, containerPort: 1, protocol: 'tcp' }] }, 'port mappings need a network'],
  [{ volumes: [{ source: 'host', hostPath: '/a:b', containerPath: '/c' }] }, 'has a colon'],
])('%j is refused', (more, message) => expect(dockerProblem(spec(more))).toContain(message));

test('without an image it is not for Docker', () => {
  const { image: _, ...rest } = spec();
  expect(dockerProblem(rest)).toBe('a Docker container needs an image');
});
