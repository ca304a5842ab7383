import { describe, expect, test } from 'vitest';
import { Resources } from './resources.ts';

test.each([
  ['cpus:4;mem:1024;ports:[31000-32000]', 'cpus:4; mem:1024; ports:[31000-32000]'],
  ['cpus:0.1234;cpus:1', 'cpus:1.123'],
  [' cpus : 2 ; disks : { a, b } ', 'cpus:2; disks:{a, b}'],
  ['cpus(web):2', 'cpus(reservations: [(STATIC,web)]):2'],
  ['ports:[1-3, 5-6, 4-4]', 'ports:[1-6]'],
  ['cpus:0', '{}'],
  ['', '{}'],
])('%s', (text, printed) => {
  expect(Resources.parse(text).toString()).toBe(printed);
});

test('what names no role belongs to the default role', () => {
  expect(Resources.parse('cpus:2;mem(*):5', 'web').toString()).toBe(
    'cpus(reservations: [(STATIC,web)]):2; mem:5',
  );
});

test('a JSON array', () => {
  const text = JSON.stringify([
    { name: 'cpus', type: 'SCALAR', scalar: { value: 2 } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 }, role: '*' },
    {
      name: 'disk',
      type: 'SCALAR',
      scalar: { value: 5 },
      disk: { source: { type: 'PATH', path: { root: '/d' } } },
    },
    {
      name: 'ports',
      type: 'RANGES',
      ranges: { range: [{ begin: 1, end: 2 }] },
      reservations: [{ type: 'STATIC', role: 'x' }],
    },
  ]);
  expect(Resources.parse(text, 'web').toString()).toBe(
    'cpus(reservations: [(STATIC,web)]):2; mem:64; disk(reservations: [(STATIC,web)])[PATH:/d]:5; ports(reservations: [(STATIC,x)]):[1-2]',
  );
});

describe('refused', () => {
  const cpus = '"name":"cpus","type":"SCALAR","scalar":{"value":1}';
  test.each([
    ['[{]', 'syntax error at line 1 near: ]'],
    ['[1]', 'Expecting a JSON object'],
    ['[{}]', 'Missing required fields: name, type'],
    [`[{${cpus},"revocable":{}}]`, 'Revocable resources cannot be specified'],
    [
      `[{${cpus},"reservations":[{"type":"DYNAMIC","role":"x"}]}]`,
      'Dynamic reservations cannot be specified',
    ],
    [`[{${cpus},"disk":{"persistence":{"id":"v"}}}]`, 'Persistent volumes cannot be specified'],
    ['cpus:1;cpus:{a}', "Resources with the same name ('cpus') but different types"],
    ['cpus', "missing or extra ':' in cpus"],
    ['cpus:1:2', "missing or extra ':' in cpus:1:2"],
    ['cpus:abc', 'Bad type for resource cpus value abc type TEXT'],
    ['cpus:-1', 'Bad type for resource cpus value -1 type TEXT'],
    ['cpus:0.0001', 'Invalid scalar resource: value <= 0'],
    ['ports:[1-', 'Mismatched brackets'],
    ['ports:[1]', 'Expecting one or more "ranges"'],
    ['ports:[a-b]', "Expecting non-negative integers in 'a'"],
    ['ports:[5-1]', 'begin > end'],
    [
      'ports:[1-9007199254740992]',
      'ports reaches 9007199254740992, and 9007199254740991 (2^53 - 1) is the last number here',
    ],
    ['cpus)web(:1', 'mismatched parentheses'],
    ['cpus(/web):1', "Role '/web' cannot start with a slash"],
    ['disks:{a,a}', 'Invalid set resource: duplicated elements'],
  ])('%s', (text, message) => {
    expect(() => Resources.parse(text)).toThrow(message);
  });
});
