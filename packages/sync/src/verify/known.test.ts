import { expect, test } from 'vitest';
import { isExplained, knownDifferences } from './known.ts';

const ledger = (path: string, what: string) => ({ path, what, why: '', recordedMs: 0 });
const difference = (path: string, ...fields: string[]) => ({
  path,
  fields: fields.map((field) => ({ field, source: '', target: '' })),
});

test('an entry of the ledger explains its own field, and no other', () => {
  const known = knownDifferences(undefined, [
    ledger('/v', 'version is 3 on the source and 5 on the target'),
    ledger('/k', 'ttl node on the source, persistent node on the target'),
    ledger('/a', 'ACL refused by the target: InvalidAcl'),
    ledger('/k', 'version is 3 on the source and 5 on the target'),
  ]);
  expect(isExplained(difference('/v', 'version'), known)).toBe(true);
  expect(isExplained(difference('/v', 'version', 'data'), known)).toBe(false);
  expect(isExplained(difference('/k', 'kind', 'version'), known)).toBe(true);
  expect(isExplained(difference('/a', 'acl'), known)).toBe(true);
  expect(isExplained(difference('/a', 'data'), known)).toBe(false);
  expect(isExplained(difference('/other', 'version'), known)).toBe(false);
});

test('what is held or refused may differ in everything, a refused ACL in that', () => {
  const blocked = (path: string) => ({ side: 'target', path, code: 'NoAuth', remedy: '' }) as const;
  const known = knownDifferences({ held: ['/h'], blocked: [blocked('/b'), blocked('/a//acl')] }, []);
  expect(isExplained(difference('/h', 'data', 'version'), known)).toBe(true);
  expect(isExplained(difference('/b', 'node'), known)).toBe(true);
  expect(isExplained(difference('/a', 'acl'), known)).toBe(true);
  expect(isExplained(difference('/a', 'data'), known)).toBe(false);
});
