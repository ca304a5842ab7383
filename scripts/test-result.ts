/** What a run of the tests came to, and what two runs of the same tests came to together. */

/** A test, or what holds tests: a file or a `describe`, whose own failure is one outside of its tests, as of a hook. */
export interface Outcome {
  /** The same in every run. */
  id: string;
  kind: 'test' | 'group';
  /** From the root of the checkout. */
  file: string;
  /** Empty for a file. */
  name: string;
  state: 'passed' | 'failed' | 'skipped';
  /** The first error, of what failed. */
  why: string;
}

export interface TestResult {
  outcomes: Outcome[];
  /** Errors that belong to no file. */
  errors: string[];
}

export interface MergedResult extends TestResult {
  /** What failed in the first run and passed in the second, as it was in the first. */
  late: Outcome[];
}

/** The files in which anything failed, each once. */
export function failedFiles({ outcomes }: TestResult): string[] {
  return [...new Set(outcomes.filter(({ state }) => state === 'failed').map(({ file }) => file))];
}

/**
 * A run, and a second one of some of its files: what passed in either has passed, and a failure stays one until it has
 * passed; that it was skipped, or not heard of any more, is no proof. Errors that belong to no file are kept from both.
 */
export function merged(first: TestResult, second: TestResult): MergedResult {
  const again = new Map(second.outcomes.map((outcome) => [outcome.id, outcome]));
  const late: Outcome[] = [];
  const outcomes = first.outcomes.map((before) => {
    const after = again.get(before.id);
    again.delete(before.id);
    if (after === undefined || before.state === 'passed' || after.state === 'skipped') return before;
    if (before.state === 'failed' && after.state === 'passed') late.push(before);
    return after;
  });
  return { outcomes: [...outcomes, ...again.values()], errors: [...first.errors, ...second.errors], late };
}

export function counts({ outcomes, errors }: TestResult): {
  passed: number;
  failed: number;
  skipped: number;
} {
  const tests = outcomes.filter(({ kind }) => kind === 'test');
  return {
    passed: tests.filter(({ state }) => state === 'passed').length,
    failed: outcomes.filter(({ state }) => state === 'failed').length + errors.length,
    skipped: tests.filter(({ state }) => state === 'skipped').length,
  };
}

/** `FILE: TEST`, and why it failed. */
export function described({ file, name, why }: Outcome): string {
  return `${file}: ${name || '(the file)'}\n  ${why}`;
}
