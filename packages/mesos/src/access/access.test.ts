import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { parseAcls } from './acls.ts';
import { parseCredentials } from './credentials.ts';
import { createIdentify } from './identify.ts';

const request = (authorization?: string) => ({ headers: { authorization } }) as IncomingMessage;
const basic = (text: string) => request(`Basic ${Buffer.from(text).toString('base64')}`);

test('credentials are read in both of their forms', () => {
  const both = new Map([
    ['a', '1'],
    ['b', '2'],
  ]);
  const json = '{"credentials": [{"principal": "a", "secret": "1"}, {"principal": "b", "secret": "2"}]}';
  expect(parseCredentials(json, 'f')).toEqual(both);
  expect(parseCredentials('a 1\n\nb\t2\n', 'f')).toEqual(both);
});

test.each([
  '{',
  '{}',
  '{"credentials": [{"principal": "a"}]}',
  'a hush more',
  '{"credentials": [{"secret": "hush"}]}',
])('%j is refused without a secret in the message', (text) => {
  expect(() => parseCredentials(text, 'f')).toThrow(/credentials file f/);
  expect(() => parseCredentials(text, 'f')).not.toThrow(/hush/);
});

test('Basic and Bearer', () => {
  const identify = createIdentify({
    credentials: new Map([['a', 'x:y']]),
    tokens: new Map([['robot', 'token']]),
    ...{ jwtKey: undefined, nowMs: () => 0 },
  });
  expect(identify(request())).toBe('none');
  expect(identify(basic('a:x:y'))).toEqual({ principal: 'a' });
  expect(identify(basic('a:x'))).toBe('refused');
  expect(identify(basic('b:x'))).toBe('refused');
  expect(identify(request('Bearer token'))).toEqual({ principal: 'robot' });
  expect(identify(request('Bearer other'))).toBe('refused');
  expect(identify(request('Negotiate x'))).toBe('refused');
});

test('the first rule that is about principal and object decides', () => {
  const acls = parseAcls(`{
    "run_tasks": [
      {"principals": {"values": ["ops"]}, "users": {"type": "ANY"}},
      {"principals": {"type": "ANY"}, "users": {"values": ["nobody"]}},
      {"principals": {"type": "ANY"}, "users": {"type": "NONE"}}
    ]
  }`);
  expect(acls.permits('run_task', 'ops', 'root')).toBe(true);
  expect(acls.permits('run_task', 'dev', 'nobody')).toBe(true);
  expect(acls.permits('run_task', 'dev', 'root')).toBe(false);
  expect(acls.permits('run_task', undefined, 'root')).toBe(false);
  expect(acls.permits('teardown_framework', 'dev', 'x')).toBe(true);
});

test('without permissive, what no rule is about is forbidden', () => {
  const acls = parseAcls(
    '{"permissive": false, "update_quotas": [{"principals": {"values": ["a"]}, "roles": {"values": ["r"]}}]}',
  );
  expect(acls.permits('update_quota', 'a', 'r')).toBe(true);
  expect(acls.permits('update_quota', 'a', 's')).toBe(false);
  expect(acls.permits('update_weight', 'a', 'r')).toBe(false);
});

test.each(['{', '{"run_tasks": {}}', '{"run_tasks": [{"principals": {"type": "SOME"}}]}'])(
  'ACLs %j are refused',
  (text) => {
    expect(() => parseAcls(text)).toThrow(/ACLs/);
  },
);
