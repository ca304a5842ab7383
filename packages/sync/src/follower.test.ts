import { silentLogger } from '@orchestrator/runtime';
import { createTree } from '@orchestrator/zookeeper';
import { expect, test } from 'vitest';
import type { Capture, CaptureEvent } from './capture/capture.ts';
import { Follower } from './follower.ts';

/** Follows what a capture tells, and keeps how that ended. */
function follow(events: readonly CaptureEvent[]) {
  const failures: unknown[] = [];
  const capture: Capture = {
    mode: 'watch',
    reason: 'of the test',
    async *events() {
      yield* events;
    },
    restart: () => undefined,
    refresh: () => undefined,
    unreadable: () => [],
    close: () => undefined,
  };
  const follower = new Follower({
    side: 'target',
    capture,
    logger: silentLogger,
    onFailure: (error) => failures.push(error),
    onLink: () => undefined,
  });
  return { follower, failures };
}

const wentBack: CaptureEvent = { kind: 'wentBack', seen: 0x2an, found: 0x3n };
const problem = /the target had committed 0x2a and is at 0x3 now/;

test('a stream that fails before its first mirror fails the start', async () => {
  const { follower, failures } = follow([wentBack]);
  await expect(follower.start()).rejects.toThrow(problem);
  expect(failures).toHaveLength(1);
  await follower.stop();
});

test('a stream that fails later is told of once, and the mirror stays', async () => {
  const tree = createTree();
  const { follower, failures } = follow([{ kind: 'mirror', tree }, wentBack]);
  expect(await follower.start()).toBe(tree);
  await expect.poll(() => failures).toEqual([expect.objectContaining({ code: 'WentBack' })]);
  expect(follower.mirror).toBe(tree);
  await follower.stop();
});
