/** `--egress_rate_limit_per_container` and `--ingress_…`, measured: what a container sends and receives in a second. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { TaskState } from '@orchestrator/mesos';
import {
  busyboxImage,
  createTestCgroup,
  type DockerEngine,
  startDocker,
  type TestCgroup,
  waitFor,
} from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { writePairs } from './cni-pairs.ts';
import { SmallCluster } from './small-cluster.ts';

const megabyte = 2 ** 20;
const sentBytes = megabyte;

let engine: DockerEngine;
let image: string;
let cgroup: TestCgroup;
let cluster: SmallCluster | undefined;

beforeAll(async () => {
  engine = await startDocker();
  image = await busyboxImage(engine);
  cgroup = await createTestCgroup('bandwidth');
});
afterEach(() => cluster?.close());
afterAll(async () => {
  await cgroup?.end();
  await engine?.close();
});

async function startCluster(flags: Record<string, string>): Promise<SmallCluster> {
  cluster = await SmallCluster.start({
    flags: {
      ...{ containerizers: 'docker,native', docker_socket: engine.socketPath, switch_user: 'false' },
      cgroups_root: `${cgroup.path}/mesos`,
      ...flags,
    },
    prepare: writePairs,
  });
  return cluster;
}

const server = `mkdir w; head -c ${sentBytes} /dev/zero >w/data; exec /bin/busybox httpd -f -p 80 -h w`;
/** Says a byte once it has everything. */
const sink = `exec /bin/busybox nc -ll -p 80 -e /bin/busybox sh -c 'head -c ${sentBytes} | tail -c 1'`;
const killPolicy = { gracePeriod: { nanoseconds: 1n } };
const kinds = {
  native: { container: { type: 2, mesos: {}, networkInfos: [{ name: 'pairs' }] } },
  docker: () => ({ container: { type: 1, docker: { image, network: 2 } } }),
};

/** @returns its address */
async function serve(
  within: SmallCluster,
  kind: keyof typeof kinds,
  command: string = server,
): Promise<string> {
  const place = kind === 'native' ? kinds.native : kinds.docker();
  await within.run(kind, command, { ...place, killPolicy });
  const { containerStatus } = await within.until(kind, TaskState.TASK_RUNNING);
  return containerStatus?.networkInfos[0]?.ipAddresses[0]?.ipAddress ?? '';
}

async function bytesPerS(address: string): Promise<number> {
  const get = () => fetch(`http://${address}/data`).catch(() => undefined);
  const response = await waitFor(
    async () => {
      const answer = await get();
      return answer?.ok === true ? answer : undefined;
    },
    { what: `the server at ${address}` },
  );
  const startMs = performance.now();
  const { byteLength } = await response.arrayBuffer();
  expect(byteLength).toBe(sentBytes);
  const rate = byteLength / ((performance.now() - startMs) / 1000);
  process.stdout.write(`from ${address}: ${(rate / megabyte).toFixed(2)} MB/s\n`);
  return rate;
}

test('containers send no more than they may, also after a restart of the agent', async () => {
  const limited = await startCluster({ egress_rate_limit_per_container: '1MB' });
  const addresses = [await serve(limited, 'native'), await serve(limited, 'docker')];
  for (const address of addresses) {
    const rate = await bytesPerS(address);
    expect(rate).toBeLessThan(1.2 * megabyte);
    expect(rate).toBeGreaterThan(0.5 * megabyte);
  }
  await limited.killAgent();
  await limited.startAgent();
  await waitFor(async () => (await limited.state()).frameworks.length === 1, { what: 'the agent' });
  for (const address of addresses) expect(await bytesPerS(address)).toBeLessThan(1.2 * megabyte);
});

async function receivedPerS(address: string): Promise<number> {
  const listens = async () => {
    const socket = connect(80, address);
    const [event] = await Promise.race([once(socket, 'connect').then(() => [true]), once(socket, 'error')]);
    if (event === true) return socket;
    socket.destroy();
    return undefined;
  };
  const socket = await waitFor(listens, { what: `the sink at ${address}` });
  const startMs = performance.now();
  socket.write(Buffer.alloc(sentBytes));
  await once(socket, 'data');
  const rate = sentBytes / ((performance.now() - startMs) / 1000);
  socket.destroy();
  process.stdout.write(`to ${address}: ${(rate / megabyte).toFixed(2)} MB/s\n`);
  return rate;
}

test.each(['native', 'docker'] as const)('%s: containers receive no more than they may', async (kind) => {
  const limited = await startCluster({ ingress_rate_limit_per_container: '1MB' });
  const rate = await receivedPerS(await serve(limited, kind, sink));
  expect(rate).toBeLessThan(1.2 * megabyte);
  expect(rate).toBeGreaterThan(0.5 * megabyte);
});

test('without a limit they send what they like', async () => {
  const free = await startCluster({});
  for (const kind of ['native', 'docker'] as const)
    expect(await bytesPerS(await serve(free, kind))).toBeGreaterThan(5 * megabyte);
});
