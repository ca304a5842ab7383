import { defineConfig } from 'vitest/config';

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
          // Elections, kills and daemons take their time from the same few cores. What passes only then is named at the end.
          retry: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
