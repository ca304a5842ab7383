import { waitFor } from '@orchestrator/testing';
import { connect } from '@orchestrator/zookeeper';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Pair, startPair } from './engines.ts';

/** Short, for the copies to expire soon, and long enough for those who hold the originals on a machine that is busy. */
const sessionTimeoutMs = 4_000;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair({ config: { maxSessionTimeout: String(sessionTimeoutMs) } });
});

afterAll(() => pair.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('copies that went because the engine was frozen come back, and their loss is not carried to the originals', async () => {
  const engine = await pair.engineProcess({ leaseMs: 10_000 });
  await engine.logged('"state":"syncing"');
  const holders = await Promise.all(
    [pair.source, pair.target].map(({ connectString }) => connect({ connectString, sessionTimeoutMs })),
  );
  const [onA, onB] = holders;
  await onA?.create('/held-on-a', 'a', { mode: 'ephemeral' });
  await onB?.create('/held-on-b', 'b', { mode: 'ephemeral' });
  const ownerOf = async (client: Pair['a'], path: string) => (await client.exists(path)).stat?.ephemeralOwner;
  const areCopied = async () =>
    (await ownerOf(pair.b, '/held-on-a')) && (await ownerOf(pair.a, '/held-on-b'));
  await waitFor(areCopied, { what: 'the copies' });

  engine.process.signal('SIGSTOP');
  await waitFor(async () => (await ownerOf(pair.b, '/held-on-a')) === undefined, {
    what: 'the copy to expire',
  });
  await waitFor(async () => (await ownerOf(pair.a, '/held-on-b')) === undefined, {
    what: 'the copy to expire',
  });
  engine.process.signal('SIGCONT');
  await waitFor(areCopied, { what: 'the copies to be back' });
  await pause(500);
  expect(await ownerOf(pair.a, '/held-on-a')).toBe(onA?.sessionId);
  expect(await ownerOf(pair.b, '/held-on-b')).toBe(onB?.sessionId);

  await Promise.all(holders.map((holder) => holder.close()));
  await waitFor(
    async () => !(await ownerOf(pair.b, '/held-on-a')) && !(await ownerOf(pair.a, '/held-on-b')),
    {
      what: 'the copies to go with their owners',
    },
  );
});
