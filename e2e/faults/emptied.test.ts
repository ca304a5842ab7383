/** An ensemble replaced by an empty one of the same addresses. What it lacks must never be taken for deleted by its clients. */
import type { Ensemble } from '@orchestrator/testing';
import { waitFor } from '@orchestrator/testing';
import { connect, type ZooKeeperClient } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import { settleTimeoutMs } from './intact.ts';
import { openStage, type Stage } from './stage.ts';

/** One server a side: quick to empty, and its epoch is as high as the number of its starts. */
const servers = { servers: 1, config: { standaloneEnabled: 'false' } };
const openPair = () => openStage({ source: servers, target: servers });

async function empty(ensemble: Ensemble): Promise<void> {
  await Promise.all(ensemble.servers.map((server) => server.kill()));
  await Promise.all(ensemble.servers.map((server) => server.wipe()));
  await ensemble.start();
  await ensemble.waitForQuorum();
}

async function restart(ensemble: Ensemble): Promise<void> {
  await Promise.all(ensemble.servers.map((server) => server.restart()));
  await ensemble.waitForQuorum();
}

/** Servers take no client that has seen more than they have, so this one begins anew. */
async function textOn(ensemble: Ensemble, path: string): Promise<string | undefined> {
  const client: ZooKeeperClient = await connect({ connectString: ensemble.connectString });
  try {
    return (await client.exists(path)).stat === null ? undefined : `${(await client.getData(path)).data}`;
  } finally {
    await client.close();
  }
}

async function fillSource({ a }: Stage): Promise<void> {
  await a.create('/kept', 'by the source');
  for (let i = 0; i < 50; i++) await a.create(`/kept/${i}`, `${i}`);
}

test('a target emptied while the engine runs is filled again, and the source keeps everything', async () => {
  await using stage = await openPair();
  const engine = await stage.engine();
  await engine.lead();
  await fillSource(stage);
  await engine.settled(settleTimeoutMs);
  await empty(stage.target);
  await stage.a.setData('/kept', 'changed meanwhile');
  const isFilled = async () => (await textOn(stage.target, '/kept')) === 'changed meanwhile';
  await waitFor(isFilled, { what: 'the target to be filled again' });
  await engine.settled(settleTimeoutMs);
  expect((await stage.a.getChildren('/kept')).children).toHaveLength(50);
  expect((await engine.verify()).differences).toEqual([]);
});

test('nor does an emptied target of a higher epoch, written by a client of its own, empty the source', async () => {
  await using stage = await openPair();
  const engine = await stage.engine();
  await engine.lead();
  await fillSource(stage);
  await engine.settled(settleTimeoutMs);
  engine.signal('SIGSTOP');
  await empty(stage.target);
  await restart(stage.target);
  await restart(stage.target);
  const stranger = await connect({ connectString: stage.target.connectString });
  await stranger.create('/theirs', 'not ours to remove');
  await stranger.close();
  engine.signal('SIGCONT');
  const refusal = () => engine.status().then(({ problem }) => problem?.match(/holds \/theirs.*adoptTarget/));
  await waitFor(refusal, { what: 'the refusal' });
  expect((await stage.a.getChildren('/kept')).children).toHaveLength(50);
  expect(await textOn(stage.target, '/theirs')).toBe('not ours to remove');
});

test('a target emptied while no engine runs is filled again by the next', async () => {
  await using stage = await openPair();
  const first = await stage.engine();
  await first.lead();
  await fillSource(stage);
  await first.settled(settleTimeoutMs);
  await first.kill();
  await empty(stage.target);
  const second = await stage.engine();
  await second.lead();
  await second.settled(settleTimeoutMs);
  expect(await textOn(stage.target, '/kept/49')).toBe('49');
  expect((await stage.a.getChildren('/kept')).children).toHaveLength(50);
  expect((await second.verify()).differences).toEqual([]);
});

test('an emptied source is refused, and the target keeps everything', async () => {
  await using stage = await openPair();
  const engine = await stage.engine();
  await engine.lead();
  await fillSource(stage);
  await engine.settled(settleTimeoutMs);
  await empty(stage.source);
  const refusal = () => engine.status().then(({ problem }) => problem?.includes('the source was emptied'));
  await waitFor(refusal, { what: 'the refusal' });
  expect((await stage.b.getChildren('/kept')).children).toHaveLength(50);
});

test('followed over the client port, an emptied target does not empty the source either', async () => {
  await using stage = await openPair();
  const engine = await stage.engine({ capture: { source: 'watch', target: 'watch' } });
  await engine.lead();
  await fillSource(stage);
  await engine.settled(settleTimeoutMs);
  engine.signal('SIGSTOP');
  await empty(stage.target);
  await restart(stage.target);
  engine.signal('SIGCONT');
  const isFilled = async () => (await textOn(stage.target, '/kept/49')) === '49';
  await waitFor(isFilled, { what: 'the target to be filled again' });
  await engine.settled(settleTimeoutMs);
  expect((await stage.a.getChildren('/kept')).children).toHaveLength(50);
});
