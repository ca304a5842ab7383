import { setImmediate as nextRound } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Slicer } from './slicer.ts';

test('of many workers one has a slice between two rounds of the event loop', async () => {
  let nowMs = 0;
  const slicer = new Slicer(() => nowMs, 10);
  const done: string[] = [];
  const work = async (name: string) => {
    for (let piece = 0; piece < 8; piece++) {
      await slicer.pause();
      nowMs += 5;
      done.push(name);
    }
  };
  const working = Promise.all(['a', 'b', 'c'].map(work));
  const perRound: number[] = [];
  for (let before = 0; done.length < 24; before = done.length) {
    await nextRound();
    perRound.push(done.length - before);
  }
  await working;
  expect(Math.max(...perRound)).toBe(2);
  // In turn, so that nobody waits for another's whole answer.
  expect(done.slice(0, 6).join('')).toBe('aabbcc');
});
