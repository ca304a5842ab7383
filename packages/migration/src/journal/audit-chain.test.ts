import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditAnchor, type AuditEntry, chainEntry, genesis, verifyAudit } from './audit-chain.ts';

function chain(length: number): { entries: AuditEntry[]; head: AuditAnchor } {
  const entries: AuditEntry[] = [];
  let head: AuditAnchor = genesis;
  for (let n = 0; n < length; n++) {
    const record = { actor: 'cli:ann', action: 'advance', migration: 'm1', details: { phase: n, note: 'x' } };
    const entry = chainEntry(head, record, 1_000 + n);
    entries.push(entry);
    head = entry;
  }
  return { entries, head };
}

test('an untouched chain is intact, also after a trip through JSON with other key order', () => {
  const { entries, head } = chain(5);
  const reordered = entries.map((entry) => Object.fromEntries(Object.entries(entry).reverse()));
  expect(verifyAudit(genesis, JSON.parse(JSON.stringify(reordered)), head)).toEqual({
    intact: true,
    entries: 5,
    findings: [],
  });
});

test('a chain cut by retention is intact from its anchor', () => {
  const { entries, head } = chain(5);
  expect(verifyAudit(entries[1]!, entries.slice(2), head).intact).toBe(true);
  expect(verifyAudit(genesis, entries.slice(2), head).intact).toBe(false);
});

test('any change, removal, swap or addition is found', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom('change', 'remove', 'swap', 'add'),
      (at, how) => {
        const { entries, head } = chain(6);
        const victim = entries[at]!;
        if (how === 'change') entries[at] = { ...victim, details: { ...victim.details, phase: 99 } };
        if (how === 'remove') entries.splice(at, 1);
        if (how === 'swap') entries.splice(at, 1, { ...victim, seq: victim.seq + 1 });
        if (how === 'add') entries.splice(at, 0, chainEntry(head, victim, 1));
        expect(verifyAudit(genesis, entries, head).intact).toBe(false);
      },
    ),
  );
});

test('a changed entry with a fresh hash breaks the link to the next one', () => {
  const { entries, head } = chain(3);
  entries[1] = chainEntry(entries[0]!, { ...entries[1]!, actor: 'someone else' }, entries[1]!.timeMs);
  expect(verifyAudit(genesis, entries, head).findings).toEqual([
    'entry 3 does not follow from entry 2: one of them was replaced',
  ]);
});
