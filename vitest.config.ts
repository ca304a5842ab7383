import { defineConfig } from 'vitest/config';

// Unit tests stand beside the code and run first and in parallel; what starts real servers runs in few workers.
// A test that fails is not tried again in its process, which it may have left in any state: `scripts/test.ts` does it.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.{ts,tsx}',
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
            'simulation/**/*.test.ts',
          ],
          // Thousands of simulated worlds are half a minute of work, which on a busy machine takes minutes.
          testTimeout: 600_000,
          hookTimeout: 120_000,
          // Vitest leaves one core out, and runs these last where only one is left.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real servers',
          include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
