import { expect, test } from 'vitest';
import { sessionPassword } from './password.ts';

// Computed with java.util.Random itself.
test.each([
  [0n, 'f22acd4a97e69d6d20a49bb638eadb38'],
  [1n, '054cc74a37327db215e702e20c73f005'],
  [72057726867472384n, '0caa5826a9602cf4cac989279aafd068'],
  [-1n, '20f62cb5648dc2d771471c8a2486a9ee'],
])('the password of session %s is the one that Java computes', (id, password) => {
  expect(sessionPassword(id).toString('hex')).toBe(password);
});
