import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatDuration, formatNumber, formatPercent } from './format.ts';

describe('numbers as people read them', () => {
  it('bytes', () => {
    expect([0, 512, 1024, 1536, 123_456_789].map(formatBytes)).toEqual([
      '0 B',
      '512 B',
      '1 KiB',
      '1.5 KiB',
      '118 MiB',
    ]);
  });
  it('percent and plain numbers', () => {
    expect([0, 0.001, 1.234, 56.78, 100].map(formatPercent)).toEqual([
      '0 %',
      '<0.01 %',
      '1.23 %',
      '56.8 %',
      '100 %',
    ]);
    expect([0, 7, 1234567].map(formatNumber)).toEqual(['0', '7', '1,234,567']);
  });
  it('durations', () => {
    expect([5, 12_000, 90_000, 3_600_000, 273_600_000].map(formatDuration)).toEqual([
      '5 ms',
      '12 s',
      '1 m 30 s',
      '1 h',
      '3 d 4 h',
    ]);
    expect(formatAgo(1_000, 1_500)).toBe('just now');
    expect(formatAgo(1_000, 13_000)).toBe('12 s ago');
  });
});
