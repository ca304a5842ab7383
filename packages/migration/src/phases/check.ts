/** One finding of a validation: what was looked at, what was found, and what to do if that is not good. */
export interface CheckResult {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** `null` when there is nothing to do. */
  readonly remedy: string | null;
}

export const ok = (check: string, found: string): CheckResult => ({
  check,
  status: 'ok',
  found,
  remedy: null,
});

export const warn = (check: string, found: string, remedy: string): CheckResult => ({
  check,
  status: 'warn',
  found,
  remedy,
});

export const fail = (check: string, found: string, remedy: string): CheckResult => ({
  check,
  status: 'fail',
  found,
  remedy,
});

export const failures = (results: readonly CheckResult[]): readonly CheckResult[] =>
  results.filter((result) => result.status === 'fail');

/** The failed ones as one sentence, for an error; remedies joined the same way. */
export function describeFailures(results: readonly CheckResult[]): { message: string; remedy: string } {
  const failed = failures(results);
  return {
    message: failed.map((result) => `${result.check}: ${result.found}`).join('; '),
    remedy: failed.flatMap((result) => result.remedy ?? []).join('; '),
  };
}
