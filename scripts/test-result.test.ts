import { describe, expect, it } from 'vitest';
import { counts, failedFiles, merged, type Outcome, type TestResult } from './test-result.ts';

const outcome = (id: string, state: Outcome['state'], kind: Outcome['kind'] = 'test'): Outcome => ({
  ...{ id, kind, state },
  file: id.split('/')[0] ?? '',
  name: id,
  why: state === 'failed' ? 'why' : '',
});

const result = (outcomes: Outcome[], errors: string[] = []): TestResult => ({ outcomes, errors });

describe('two runs together', () => {
  it('count a test that passes the second time as passed, and name it', () => {
    const first = result([outcome('a/1', 'failed'), outcome('a/2', 'passed'), outcome('b/1', 'passed')]);
    const both = merged(first, result([outcome('a/1', 'passed'), outcome('a/2', 'passed')]));
    expect(counts(both)).toEqual({ passed: 3, failed: 0, skipped: 0 });
    expect(both.late).toEqual([outcome('a/1', 'failed')]);
  });

  it('fail a test that fails twice, once', () => {
    const failing = result([outcome('a/1', 'failed'), outcome('a/2', 'passed')]);
    expect(counts(merged(failing, failing))).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(merged(failing, failing).late).toEqual([]);
  });

  it('hold nothing against a test that passed the first time', () => {
    const first = result([outcome('a/1', 'failed'), outcome('a/2', 'passed')]);
    const both = merged(first, result([outcome('a/1', 'passed'), outcome('a/2', 'failed')]));
    expect(counts(both)).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });

  it('take no skipping, and no silence, for passing', () => {
    const first = result([outcome('a/1', 'failed'), outcome('a/2', 'failed')]);
    const both = merged(first, result([outcome('a', 'failed', 'group'), outcome('a/1', 'skipped')]));
    expect(counts(both)).toEqual({ passed: 0, failed: 3, skipped: 0 });
  });

  it('count the tests that a hook kept from running the first time', () => {
    const first = result([outcome('a', 'failed', 'group'), outcome('a/1', 'skipped')]);
    expect(counts(first)).toEqual({ passed: 0, failed: 1, skipped: 1 });
    const both = merged(first, result([outcome('a', 'passed', 'group'), outcome('a/1', 'passed')]));
    expect(counts(both)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(both.late).toEqual([outcome('a', 'failed', 'group')]);
  });

  it('count the tests of a file that could not be imported the first time', () => {
    const first = result([outcome('a', 'failed', 'group')]);
    const both = merged(
      first,
      result([outcome('a', 'passed', 'group'), outcome('a/1', 'passed'), outcome('a/2', 'failed')]),
    );
    expect(counts(both)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('keep the errors that belong to no file, of both', () => {
    const both = merged(
      result([outcome('a/1', 'failed')], ['one']),
      result([outcome('a/1', 'passed')], ['two']),
    );
    expect(both.errors).toEqual(['one', 'two']);
    expect(counts(both)).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });
});

it('names each file with a failure once', () => {
  const outcomes = [
    outcome('a/1', 'failed'),
    outcome('a/2', 'failed'),
    outcome('b/1', 'skipped'),
    outcome('c', 'failed', 'group'),
  ];
  expect(failedFiles(result(outcomes))).toEqual(['a', 'c']);
});
