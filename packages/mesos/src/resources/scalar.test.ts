import { expect, test } from 'vitest';
import { formatThousandths, fromThousandths, toThousandths } from './scalar.ts';

test.each([
  [0.1, 100],
  [0.0004, 0],
  [0.0005, 1],
  [-0.0005, -1],
  [1.0005, 1001],
  [9.600999999999999, 9601],
])('%d is %d thousandths', (value, thousandths) => {
  expect(toThousandths(value)).toBe(thousandths);
});

test.each([
  [6_800, '6.8'],
  [8_192_000, '8192'],
  [6_799, '6.799'],
  [0, '0'],
  [-1_000, '-1'],
  [1e18 + 1_000, '1e+15'],
])('%d thousandths are printed as %s', (thousandths, text) => {
  expect(formatThousandths(thousandths)).toBe(text);
});

test('the double is the one a Mesos master shows', () => {
  expect(fromThousandths(8_001)).toBe(8 + 0.001);
});
