import { expect, test } from 'vitest';
import { createNetwork, runCommand, startEnsemble, waitFor } from '../src/index.ts';
import { javaClient } from './java-client.ts';

const namespacesOfThisProcess = async () =>
  (await runCommand('ip', ['netns', 'list'])).stdout
    .split('\n')
    .filter((line) => line.startsWith(`orchestrator-${process.pid}-`));

test('an ensemble across hosts survives the partition of its leader, and takes it back', async () => {
  await using network = await createNetwork(['one', 'two', 'three']);
  await using ensemble = await startEnsemble({ hosts: network.hosts, config: { syncLimit: '4' } });
  const first = await ensemble.waitForQuorum();
  expect(first.host).toMatch(/^10\.99\.0\.[123]$/);
  const firstHost = network.hosts.find((host) => host.address === first.host)!;
  await network.isolate(firstHost.name);
  const others = ensemble.servers.filter((server) => server !== first);
  const rolesOf = (servers: typeof others) =>
    Promise.all(servers.map(async (server) => (await server.monitor()).get('zk_server_state')));
  await waitFor(async () => (await rolesOf(others)).sort().join() === 'follower,leader', {
    what: 'the other two to agree on a leader',
  });
  await waitFor(async () => (await rolesOf([first])).join() === '', { what: 'the old leader to step down' });

  const port = await network.expose(
    network.hosts.find((host) => host.address === others[0]!.host)!.name,
    others[0]!.clientPort,
  );
  await javaClient(`${port.host}:${port.port}`, ['create', '/during', 'the-partition']);

  await network.heal();
  await ensemble.waitForQuorum();
  expect(await rolesOf([first])).toEqual(['follower']);
  const nodes = await Promise.all(
    ensemble.servers.map(async (server) => (await server.monitor()).get('zk_znode_count')),
  );
  expect(new Set(nodes).size).toBe(1);
});

test('links are cut one way or both, by pair, and healed', async () => {
  {
    await using network = await createNetwork(['a', 'b', 'c']);
    // A datagram and no answer, so that each direction is seen by itself.
    const reaches = async (from: string, to: string) => {
      const receive = `timeout 0.4 bash -c 'exec 3<>/dev/tcp/${network.host(to).address}/1' 2>&1; echo $?`;
      const { stdout } = await network.host(from).run('bash', ['-c', receive]);
      // Nobody listens on port 1: the host that is reached refuses, silence means the packet or its answer vanished.
      return stdout.includes('refused');
    };
    // On a machine that is busy the question itself may take too long.
    const isReached = (from: string, to: string) =>
      waitFor(() => reaches(from, to), { what: `${to} to be reached from ${from}` });
    await isReached('a', 'b');
    await network.cut('a', ['b']);
    await isReached('a', 'c');
    expect([await reaches('a', 'b'), await reaches('b', 'a')]).toEqual([false, false]);
    await network.heal('a', 'b');
    await isReached('b', 'a');
    await network.cutOneWay('c', 'a');
    await isReached('b', 'c');
    expect(await reaches('a', 'c')).toBe(false);
    expect(await namespacesOfThisProcess()).toHaveLength(4);
    expect(() => network.host('d')).toThrow('no host d in the network; there are a, b, c');
  }
  expect(await namespacesOfThisProcess()).toEqual([]);
});
