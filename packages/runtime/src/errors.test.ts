import { expect, test } from 'vitest';
import { errorTable, explainError, OrchestratorError, outcomeOf } from './errors.ts';

class StoreLikeError extends OrchestratorError {}

test('an error carries its class name, code, cause and remedy', () => {
  const cause = new Error('inner');
  const error = new StoreLikeError('it broke', { code: 'conflict', cause, remedy: 'read it again' });
  expect(error).toMatchObject({ name: 'StoreLikeError', code: 'conflict', retryable: false, cause });
  expect(explainError(error)).toBe('it broke; read it again');
});

test('outcomes are told by code alone, and unknown codes are defects', () => {
  expect(outcomeOf({ code: 'not-found' })).toEqual({
    code: 'not-found',
    exitCode: 4,
    httpStatus: 404,
    known: true,
  });
  for (const error of [new Error('x'), { code: 'toString' }, { code: 'ENOENT' }, null, 'text']) {
    expect(outcomeOf(error)).toEqual({ code: 'internal', exitCode: 1, httpStatus: 500, known: false });
  }
});

test('no error exits with 0', () => {
  for (const outcome of Object.values(errorTable)) expect(outcome.exitCode).toBeGreaterThan(0);
});
