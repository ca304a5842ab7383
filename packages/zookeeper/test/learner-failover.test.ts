/** Leaders die, stop answering and are replaced while an observer follows; nothing acknowledged may be missed. */
import { type Ensemble, startEnsemble } from '@orchestrator/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, epochOf, type ZooKeeperClient, ZooKeeperError } from '../src/index.ts';
import { MirrorRun, quorumAddresses } from './reference/mirror-run.ts';

let ensemble: Ensemble;

beforeAll(async () => {
  // In ticks: how long followers bear a leader that does not answer.
  ensemble = await startEnsemble({ config: { syncLimit: '6' } });
});

afterAll(async () => {
  await ensemble?.close();
});

/** Writes until told to stop; keeps the zxid of every write that was acknowledged. */
class Writer {
  readonly acknowledged: bigint[] = [];
  readonly #client: ZooKeeperClient;
  readonly #end: Promise<void>;
  #stopping = false;

  constructor(client: ZooKeeperClient, path: string) {
    this.#client = client;
    this.#end = this.#run(path);
  }

  async #run(path: string): Promise<void> {
    for (let i = 0; !this.#stopping; i++) {
      const writes = Array.from({ length: 20 }, (_, lane) => this.#client.setData(path, `${i}.${lane}`));
      for (const result of await Promise.allSettled(writes)) {
        if (result.status === 'fulfilled') this.acknowledged.push(result.value.zxid);
        else if (!(result.reason instanceof ZooKeeperError && result.reason.retryable)) throw result.reason;
      }
    }
  }

  async stop(): Promise<bigint> {
    this.#stopping = true;
    await this.#end;
    return this.acknowledged.at(-1) ?? 0n;
  }
}

/** The client may still be with the server that has just been deposed. */
async function createPatiently(client: ZooKeeperClient, path: string): Promise<bigint> {
  for (;;) {
    try {
      return (await client.create(path, '')).zxid;
    } catch (error) {
      if (error instanceof ZooKeeperError && error.code === 'NodeExists') return error.zxid ?? 0n;
      if (!(error instanceof ZooKeeperError && error.retryable)) throw error;
    }
  }
}

test('the leader is killed under load, twice: no acknowledged write is missed', async () => {
  const client = await connect({ connectString: ensemble.connectString });
  await using run = new MirrorRun({ servers: quorumAddresses(ensemble) });
  await run.until('the first leader', () => run.story.includes('synced'));
  const created = await client.create('/load', '');
  const writer = new Writer(client, '/load');
  for (let round = 1; round <= 2; round++) {
    const written = writer.acknowledged.length;
    await run.until('writes', () => writer.acknowledged.length > written + 500);
    const leader = await ensemble.waitForQuorum();
    const epoch = epochOf(run.tree.zxid);
    await leader.kill();
    await run.until('the next leader', () => epochOf(run.tree.zxid) > epoch);
    await leader.start();
    await ensemble.waitForQuorum();
  }
  const last = await writer.stop();
  await run.reached(last);
  const seen = new Set(run.zxids);
  expect(writer.acknowledged.filter((zxid) => zxid > created.zxid && !seen.has(zxid))).toEqual([]);
  expect(seen.size).toBe(run.zxids.length);
  expect(run.story.filter((event) => event === 'snapshot')).toHaveLength(1);
  expect(run.tree.state).toBe('verified');
  await client.close();
  await run.stop();
});

test('a leader that stops answering is left for the next one', async () => {
  const client = await connect({ connectString: ensemble.connectString });
  await using run = new MirrorRun({ servers: quorumAddresses(ensemble), silenceTimeoutMs: 1500 });
  await run.until('the first leader', () => run.story.includes('synced'));
  const leader = await ensemble.waitForQuorum();
  await leader.pause();
  await run.until('the silence to be noticed', () =>
    run.reasons.some((reason) => /sent nothing/.test(reason.message)),
  );
  await run.until('the next leader', () => run.story.filter((event) => event === 'synced').length >= 2);
  await leader.resume();
  await run.reached(await createPatiently(client, '/after-the-pause'));
  expect(run.tree.has('/after-the-pause')).toBe(true);
  await client.close();
  await run.stop();
});
