/** Differences that are known and recorded: held for an operator, refused by a side, or in the ledger. */
import type { CoreStatus } from '../core/core.ts';
import type { Difference, LedgerEntry } from '../engine-types.ts';
import { aclSuffix } from '../store/ledger.ts';

/** By path: the fields that are explained, `all` for whatever differs. */
export type Known = ReadonlyMap<string, 'all' | ReadonlySet<string>>;

function fieldOf(what: string): string | undefined {
  if (what.startsWith('version is ')) return 'version';
  if (what.startsWith('ACL ')) return 'acl';
  if (what.startsWith('sequence counter ')) return 'sequence counter';
  return / node (on the|became) /.test(what) ? 'kind' : undefined;
}

export function knownDifferences(
  core: Pick<CoreStatus, 'held' | 'blocked'> | undefined,
  ledger: readonly LedgerEntry[],
): Known {
  const known = new Map<string, 'all' | Set<string>>();
  const add = (path: string, field: string | undefined) => {
    const fields = known.get(path) ?? new Set<string>();
    if (field === undefined || fields === 'all') known.set(path, 'all');
    else known.set(path, fields.add(field));
  };
  for (const { path, what } of ledger) add(path, fieldOf(what));
  for (const path of core?.held ?? []) add(path, undefined);
  for (const { path } of core?.blocked ?? []) {
    if (path.endsWith(aclSuffix)) add(path.slice(0, -aclSuffix.length), 'acl');
    else add(path, undefined);
  }
  return known;
}

export function isExplained({ path, fields }: Difference, known: Known): boolean {
  const explained = known.get(path);
  if (explained === undefined) return false;
  return explained === 'all' || fields.every(({ field }) => explained.has(field));
}
