import { expect, test } from 'vitest';
import { principalOf, responseTo } from './cram-md5.ts';

// Recorded between a real agent and a real master; the agent's secret was "agsecret".
const challenge = '<2386184353.252616@vm>';
const response = 'ag ba20ab6fcc7e651a23f5469de7a1c8ba';
const secretOf = (principal: string) => (principal === 'ag' ? 'agsecret' : undefined);

test('the response is the one a real agent gave', () => {
  expect(responseTo(challenge, 'ag', 'agsecret')).toBe(response);
});

test('the principal is known by it', () => {
  expect(principalOf(challenge, response, secretOf)).toBe('ag');
  expect(principalOf(challenge, responseTo(challenge, 'a b', 's'), () => 's')).toBe('a b');
});

test.each([
  ['another challenge', '<1.1@vm>', response],
  ['another secret', challenge, responseTo(challenge, 'ag', 'wrong')],
  ['nobody', challenge, responseTo(challenge, 'nobody', 'x')],
  ['nobody, with no secret', challenge, responseTo(challenge, 'nobody', '')],
  ['no digest', challenge, 'ag'],
  ['nothing', challenge, ''],
])('%s is not', (_, asked, given) => {
  expect(principalOf(asked, given, secretOf)).toBeUndefined();
});
