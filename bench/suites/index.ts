import type { Suite } from '../result.ts';

export const suites: readonly Suite[] = [];
