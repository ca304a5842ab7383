/** Rows of a flag table, by what a flag does here. */
import type { FlagFacts } from './flag-table.ts';

/** As in Mesos, with its default. */
export const same = (value?: string, more: Omit<FlagFacts, 'effect' | 'default'> = {}): FlagFacts => ({
  ...(value === undefined ? {} : { default: value }),
  ...{ effect: 'same', ...more },
});

/** Other than in Mesos, or a flag of ours. */
export const differs = (note: string, value?: string, more: Partial<FlagFacts> = {}): FlagFacts => ({
  ...(value === undefined ? {} : { default: value }),
  ...{ effect: 'differs', note, ...more },
});

/** Taken, and without effect. */
export const none = (note: string): FlagFacts => ({ effect: 'none', note });

/** Ends the start, unless its value is one of `only`. */
export const refused = (note: string, only: readonly string[] = []): FlagFacts => ({
  effect: 'refused',
  ...{ note, only },
});
