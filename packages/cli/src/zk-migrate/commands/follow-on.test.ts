import { expect, test } from 'vitest';
import { exitCodeOf } from './follow-on.ts';

const failed = (code: string) =>
  exitCodeOf({ status: 'failed', failure: { code, message: '', remedy: null } });

test('a failed step ends the command by what a script can do about it', () => {
  expect(exitCodeOf({ status: 'completed', failure: null })).toBe(0);
  expect(['precondition', 'TargetNotEmpty', 'NoAccess'].map(failed)).toEqual([3, 3, 3]);
  expect(['unavailable', 'timeout', 'Unreachable'].map(failed)).toEqual([5, 5, 5]);
  expect(['config', 'not-found', 'SomethingNew'].map(failed)).toEqual([2, 4, 1]);
});
