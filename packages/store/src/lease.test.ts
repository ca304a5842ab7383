import { seededRandom } from '@orchestrator/runtime';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { keepLease } from './lease.ts';

function kept(renew: (count: number) => boolean | Promise<boolean>) {
  const clock = new SimulatedClock(0);
  const calls = { renewals: 0, revocations: 0, ends: 0 };
  const lease = keepLease({
    ...{ id: '7', ttlMs: 3000, clock, random: seededRandom(1), grantedAtMs: clock.monotonicMs() },
    renew: async () => renew(++calls.renewals),
    revoke: async () => void calls.revocations++,
    onEnd: () => void calls.ends++,
  });
  /** Lets promises settle between steps, as they would in time. */
  const pass = async (ms: number) => {
    for (let step = 0; step < ms / 10; step++) {
      clock.advance(10);
      await new Promise(setImmediate);
    }
  };
  return { lease, clock, calls, pass };
}

test('is renewed three times in its life, for ever', async () => {
  const { lease, calls, pass } = kept(() => true);
  await pass(30_000);
  expect(lease.lost.aborted).toBe(false);
  expect(calls.renewals).toBeGreaterThanOrEqual(29);
  expect(calls.renewals).toBeLessThanOrEqual(31);
  await lease.release();
  expect(calls).toMatchObject({ revocations: 1, ends: 1 });
});

test('survives failures shorter than its life', async () => {
  const { lease, pass } = kept((count) => {
    if (count % 3 === 0) throw new Error('unavailable');
    return true;
  });
  await pass(30_000);
  expect(lease.lost.aborted).toBe(false);
});

test('is lost exactly when its time has passed since the last success', async () => {
  const { lease, calls, pass } = kept((count) => {
    if (count > 1) throw new Error('unavailable');
    return true;
  });
  await pass(3980); // renewed at 1000
  expect(lease.lost.aborted).toBe(false);
  await pass(30);
  expect(lease.lost.reason).toMatchObject({
    code: 'lease-lost',
    message: expect.stringContaining('lease 7'),
  });
  await lease.release();
  expect(calls).toMatchObject({ revocations: 0, ends: 1 });
});

test('is lost in time although a renewal hangs', async () => {
  const { lease, pass } = kept(() => new Promise<boolean>(() => undefined));
  await pass(3010);
  expect(lease.lost.aborted).toBe(true);
});

test('a late success does not bring it back', async () => {
  const late = Promise.withResolvers<boolean>();
  const { lease, pass, calls } = kept(() => late.promise);
  await pass(3010);
  late.resolve(true);
  await pass(5000);
  expect(lease.lost.aborted).toBe(true);
  expect(calls).toMatchObject({ renewals: 1, ends: 1 });
});

test('is lost when the store does not know it', async () => {
  const { lease, pass } = kept(() => false);
  await pass(1010);
  expect(lease.lost.aborted).toBe(true);
});

test('a process that was stopped finds its lease lost', async () => {
  const { lease, clock, pass } = kept(() => true);
  await pass(500);
  clock.stall(5000);
  await pass(20);
  expect(lease.lost.aborted).toBe(true);
});
