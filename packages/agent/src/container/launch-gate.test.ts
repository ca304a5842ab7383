import { expect, test } from 'vitest';
import { LaunchGate } from './launch-gate.ts';

test('no more than its width are inside, and what was begun is finished first', async () => {
  const gate = new LaunchGate(2);
  const order: string[] = [];
  let inside = 0;
  let most = 0;
  const work = async (name: string) => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(name);
    inside--;
    if (name === 'fails') throw new Error('failed');
  };
  const launch = async (name: string) => {
    await gate.run('create', () => work(`create ${name}`));
    await gate.run('start', () => work(`start ${name}`));
  };
  const failing = gate.run('create', () => work('fails'));
  await Promise.all([expect(failing).rejects.toThrow('failed'), ...['a', 'b', 'c', 'd'].map(launch)]);
  expect(most).toBe(2);
  expect(order.indexOf('start a')).toBeLessThan(order.indexOf('create d'));
  expect(order).toHaveLength(9);
});
