import { expect, test } from 'vitest';
import { TestingError } from './errors.ts';
import { waitFor } from './wait-for.ts';

test('resolves with the first answer that counts', async () => {
  const answers = [undefined, 0, '', 'yes', 'later'];
  expect(await waitFor(() => answers.shift(), { what: 'an answer', intervalMs: 1 })).toBe('yes');
});

test('a failure says what was waited for, how long, and what was seen last', async () => {
  const never = waitFor(() => undefined, { what: () => 'Godot', timeoutMs: 5, intervalMs: 1 });
  await expect(never).rejects.toThrow('waited 5 ms for Godot; the last answer was undefined');
  const broken = waitFor(() => Promise.reject(new Error('no road')), { what: 'Godot', timeoutMs: 5 });
  await expect(broken).rejects.toThrow('waited 5 ms for Godot; the last look failed: Error: no road');
});

test('what no waiting mends fails at once', async () => {
  const dead = waitFor(() => Promise.reject(new TestingError('StartFailed', 'it died')), { what: 'life' });
  await expect(dead).rejects.toThrow('it died');
});
