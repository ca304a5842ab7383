/** Servers that masters stand on are killed: the leader of the ZooKeeper ensemble, the leader of etcd, and a master with it. */
import { type Ensemble, type EtcdCluster, startEnsemble, startEtcd, waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ZooKeeperDetector } from '../src/index.ts';
import { MasterCluster, type MasterMachine } from './master-cluster.ts';
import { SimulatedAgent } from './simulated-agent.ts';
import { TestFramework } from './test-framework.ts';

let ensemble: Ensemble;
let etcd: EtcdCluster;
let masters: MasterCluster;
let zookeeper: ZooKeeperClient;
let detector: ZooKeeperDetector;
let framework: TestFramework;
let agent: SimulatedAgent;

beforeAll(async () => {
  [ensemble, etcd] = await Promise.all([startEnsemble(), startEtcd({ members: 3 })]);
  masters = await MasterCluster.start(3, {
    zk: `zk://${ensemble.connectString}/mesos`,
    store: `${etcd.storeUrl}/masters`,
    zk_session_timeout: '4secs',
  });
  zookeeper = await connect({ connectString: ensemble.connectString });
  detector = new ZooKeeperDetector(zookeeper, '/mesos');
  await detector.start();
  await masters.waitForLeader();
  agent = await SimulatedAgent.start();
  agent.follow(() => detector.leader?.pid);
  framework = new TestFramework({ detector });
  await framework.launch(await framework.offer(), 't1', 't2');
  await framework.areRunning('t1', 't2');
});

afterAll(async () => {
  await framework?.[Symbol.asyncDispose]();
  await agent?.[Symbol.asyncDispose]();
  await detector?.close();
  await zookeeper?.close();
  await masters?.[Symbol.asyncDispose]();
  await Promise.all([ensemble?.close(), etcd?.close()]);
});

async function setWeight(master: MasterMachine | undefined, weight: number): Promise<number | undefined> {
  const body = JSON.stringify([{ role: 'web', weight }]);
  const answer = await fetch(`${master?.url}/weights`, { method: 'PUT', body }).catch(() => undefined);
  return answer?.status;
}

/** A leader that writes its registry, with the agent and the running tasks. */
async function servesAgain(weight: number): Promise<void> {
  await waitFor(async () => (await setWeight(await masters.leader(), weight)) === 200, {
    what: 'a leader that writes',
  });
  await waitFor(
    async () => {
      const leader = await masters.leader();
      const answer = await fetch(`${leader?.url}/tasks`);
      const { tasks } = (await answer.json()) as { tasks: { id: string; state: string }[] };
      return ['t1', 't2'].every((id) =>
        tasks.some((task) => task.id === id && task.state === 'TASK_RUNNING'),
      );
    },
    { what: 'the tasks to be known' },
  );
  await waitFor(() => framework.client.subscribed, { what: 'the framework to be back' });
  await framework.areRunning('t1', 't2');
}

test('the leader of the ZooKeeper ensemble is killed, and comes back', async () => {
  const server = await ensemble.waitForQuorum();
  await server.kill();
  await ensemble.waitForQuorum();
  await servesAgain(2);
  await server.start();
  await ensemble.waitForQuorum();
});

test('the leader of etcd is killed: the leading master writes through the others', async () => {
  const member = await etcd.waitForQuorum();
  const leader = await masters.waitForLeader();
  await member.kill();
  await servesAgain(3);
  expect(await masters.leader()).toBe(leader);
  await member.start();
  await etcd.waitForQuorum();
});

test('the leading master and the leader of etcd are killed at the same time', async () => {
  const member = await etcd.waitForQuorum();
  const leader = await masters.waitForLeader();
  await Promise.all([member.kill(), leader.kill()]);
  try {
    await masters.waitForLeader(leader);
    await servesAgain(4);
  } finally {
    await Promise.all([member.start(), leader.start()]);
  }
});
