import { expect, test } from 'vitest';
import { type AgentTraits, type AttributeConstraint, compileOfferConstraints } from './offer-constraints.ts';

const agent: AgentTraits = {
  hostname: 'n1.example.com',
  region: 'eu',
  zone: undefined,
  attributes: new Map([
    ['rack', 'r1'],
    ['slots', undefined],
  ]),
};

function holds(...groups: AttributeConstraint[][]): boolean {
  return compileOfferConstraints(new Map([['web', groups]]))('web', agent);
}

const on = (attribute: string, predicate: AttributeConstraint['predicate']): AttributeConstraint => ({
  selector: { attribute },
  predicate,
});

test.each([
  ['rack', true, false],
  ['slots', true, false],
  ['gone', false, true],
])('%s: exists %s, does not exist %s', (name, exists, notExists) => {
  expect(holds([on(name, { kind: 'exists' })])).toBe(exists);
  expect(holds([on(name, { kind: 'not_exists' })])).toBe(notExists);
});

test.each([
  ['text_equals', 'r1', true, true, false],
  ['text_equals', 'r2', false, true, false],
  ['text_not_equals', 'r1', false, true, true],
] as const)('%s %s: on text %s, on another type %s, on none %s', (kind, value, text, other, none) => {
  expect(holds([on('rack', { kind, value })])).toBe(text);
  expect(holds([on('slots', { kind, value })])).toBe(other);
  expect(holds([on('gone', { kind, value })])).toBe(none);
});

test('a pattern matches the whole text', () => {
  expect(holds([on('rack', { kind: 'text_matches', regex: 'r[0-9]' })])).toBe(true);
  expect(holds([on('rack', { kind: 'text_matches', regex: 'r' })])).toBe(false);
  expect(holds([on('rack', { kind: 'text_not_matches', regex: 'r' })])).toBe(true);
});

test('what every agent has: host name, region, zone', () => {
  const of = (pseudo: 'hostname' | 'region' | 'zone', value: string): AttributeConstraint => ({
    selector: { pseudo },
    predicate: { kind: 'text_equals', value },
  });
  expect(holds([of('hostname', 'n1.example.com'), of('region', 'eu')])).toBe(true);
  expect(holds([of('zone', 'a')])).toBe(false);
});

test('any group suffices, all of its conditions are needed; other roles are free', () => {
  const yes = on('rack', { kind: 'exists' });
  const no = on('rack', { kind: 'not_exists' });
  expect(holds([yes, no], [yes])).toBe(true);
  expect(holds([yes, no])).toBe(false);
  expect(compileOfferConstraints(new Map([['web', [[no]]]]))('db', agent)).toBe(true);
});

test('what is wrong is named', () => {
  expect(() => holds()).toThrow('Role web has no groups');
  expect(() => holds([])).toThrow('Role web has an empty group');
  const pattern = (regex: string) => [on('rack', { kind: 'text_matches' as const, regex })];
  expect(() => holds(pattern('((('))).toThrow("Role web has an invalid pattern '((('");
  expect(() => holds(pattern('a'.repeat(513)))).toThrow('at most 512');
});

test('a pattern that makes backtracking engines stand still is answered at once', () => {
  const regex = '(a+)+b';
  const filter = compileOfferConstraints(new Map([['web', [[on('long', { kind: 'text_matches', regex })]]]]));
  const attributes = new Map([['long', 'a'.repeat(2000)]]);
  const startedMs = performance.now();
  expect(filter('web', { ...agent, attributes })).toBe(false);
  expect(performance.now() - startedMs).toBeLessThan(1000);
});
