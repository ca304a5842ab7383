import type { Logger } from '@orchestrator/runtime';
import { SimulatedClock } from '@orchestrator/testing';
import { expect, test } from 'vitest';
import { limitLogger, Verbosity } from './verbosity.ts';

test('more is logged for a while, then what the flag says', async () => {
  const lines: string[] = [];
  const push = (message: string) => void lines.push(message);
  const target: Logger = { debug: push, info: push, warn: push, error: push, child: () => target };
  const clock = new SimulatedClock();
  const verbosity = new Verbosity(clock);
  const logger = limitLogger(target, 'warn', verbosity).child({ part: 'x' });
  const say = () => {
    lines.length = 0;
    logger.debug('d');
    logger.info('i');
    logger.warn('w');
    logger.error('e');
    return lines.join('');
  };
  expect(say()).toBe('we');
  verbosity.set(2, 10_000);
  expect([say(), verbosity.level]).toEqual(['diwe', 2]);
  clock.advance(10_001);
  expect([say(), verbosity.level]).toEqual(['we', 0]);
  verbosity.set(1, 10_000);
  verbosity.set(0, 0);
  expect(say()).toBe('we');
});
