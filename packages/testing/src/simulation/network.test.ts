import { seededRandom } from '@orchestrator/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedClock } from './clock.ts';
import { SimulatedNetwork, type SimulatedNetworkOptions } from './network.ts';

function pair(seed: number, options: Partial<SimulatedNetworkOptions> = {}) {
  const clock = new SimulatedClock();
  const network = new SimulatedNetwork<number>({ clock, random: seededRandom(seed), ...options });
  const received: number[] = [];
  network.attach('b', (message, from) => received.push(from === 'a' ? message : -1));
  const sendMany = (from: number, to: number) => {
    for (let message = from; message < to; message++) network.send('a', 'b', message);
  };
  return { clock, network, received, sendMany };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('the same seed gives the same run', () => {
  const run = (seed: number) => {
    const { clock, received, sendMany } = pair(seed, { lossRate: 0.1, duplicateRate: 0.1 });
    sendMany(0, 200);
    clock.advance(100);
    return received;
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

test('datagrams are lost, doubled and reordered, and every one is accounted for', () => {
  const { clock, network, received, sendMany } = pair(1, { lossRate: 0.2, duplicateRate: 0.2 });
  sendMany(0, 1_000);
  clock.advance(100);
  const { sent, delivered, lost, duplicated } = network.counts;
  expect(sent).toBe(1_000);
  expect(lost).toBeGreaterThan(100);
  expect(duplicated).toBeGreaterThan(100);
  expect(delivered).toBe(sent + duplicated - lost);
  expect(received).toHaveLength(delivered);
  expect(received).not.toEqual([...received].sort((a, b) => a - b));
});

test('a stream keeps order and loses nothing over any cut that heals', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(20), fc.nat(20), (seed, cutAtMs, healAfterMs) => {
      const { clock, network, received, sendMany } = pair(seed, { kind: 'stream', smallestDelayMs: 1 });
      sendMany(0, 20);
      clock.advance(cutAtMs);
      network.cut(['a'], ['b']);
      sendMany(20, 40);
      clock.advance(healAfterMs);
      network.heal();
      sendMany(40, 60);
      clock.advance(100);
      expect(received).toEqual(numbers(60));
    }),
  );
});

test('a cut in one direction stops that direction only', () => {
  const { clock, network, received } = pair(1);
  const back: number[] = [];
  network.attach('a', (message) => back.push(message));
  network.cutOneWay('a', 'b');
  network.send('a', 'b', 1);
  network.send('b', 'a', 2);
  clock.advance(100);
  expect([received, back]).toEqual([[], [2]]);
  expect(network.counts.lost).toBe(1);
});

test('a broken stream and a crash lose what was under way', () => {
  const { clock, network, received, sendMany } = pair(1, { kind: 'stream', smallestDelayMs: 5 });
  sendMany(0, 10);
  network.breakStream('b', 'a');
  sendMany(10, 20);
  clock.advance(100);
  expect(received).toEqual(numbers(20).slice(10));
  sendMany(20, 30);
  network.detach('b');
  sendMany(30, 40);
  clock.advance(100);
  expect(received).toHaveLength(10);
  expect(network.counts).toEqual({ sent: 40, delivered: 10, lost: 30, duplicated: 0 });
});

test('delays out of order are refused', () => {
  expect(() => pair(1, { smallestDelayMs: 5, largestDelayMs: 2 })).toThrow('delays from 5 to 2 ms');
});
