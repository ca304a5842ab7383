import { defineConfig } from 'vitest/config';

// Races, and properties tried with new values each time: what passes only when run once more is named at the end, with why.
const retry = 1;

// Unit tests stand beside the code and run first and in parallel; what starts real servers runs in few workers.
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
          testTimeout: 120_000,
          retry,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real servers',
          include: ['packages/*/test/**/*.test.ts', 'e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          retry,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
