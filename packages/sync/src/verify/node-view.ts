/** What of a node has to be the same on both sides, and what may differ. */
import { type Acl, dataHash, nodeKind, ttlMs } from '@orchestrator/zookeeper';
import type { Difference } from '../engine-types.ts';

export interface NodeView {
  readonly dataHash: bigint;
  readonly dataLength: number;
  readonly acl: readonly Acl[];
  readonly version: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  /** Number that the next sequential child gets. */
  readonly nextSequence: number;
  /** Not compared: each child is. */
  readonly numChildren: number;
}

type Field = Difference['fields'][number];

const aclText = (acl: readonly Acl[]) =>
  acl.map(({ perms, scheme, id }) => `${scheme}:${id}:${perms}`).join(',');
const dataText = (view: NodeView) =>
  `${view.dataHash.toString(16).padStart(16, '0')} (${view.dataLength} bytes)`;

/** An ephemeral's owner is another session on each side; that it is one has to agree. */
function kindText({ ephemeralOwner }: NodeView): string {
  const kind = nodeKind(ephemeralOwner);
  return kind === 'ttl' ? `ttl ${ttlMs(ephemeralOwner)} ms` : kind;
}

const existence = (view: NodeView | undefined) => (view === undefined ? 'missing' : 'present');

export interface CompareRules {
  /** Members of election groups are persistent where they are copies. */
  readonly ignoresKind: boolean;
}

/** Fields that must agree and do not. */
export function differingFields(
  source: NodeView | undefined,
  target: NodeView | undefined,
  rules: CompareRules,
): Field[] {
  if (source === undefined || target === undefined) {
    if (source === target) return [];
    return [{ field: 'node', source: existence(source), target: existence(target) }];
  }
  const fields: Field[] = [];
  const compare = (field: string, a: string, b: string) => {
    if (a !== b) fields.push({ field, source: a, target: b });
  };
  compare('data', dataText(source), dataText(target));
  compare('acl', aclText(source.acl), aclText(target.acl));
  compare('version', `${source.version}`, `${target.version}`);
  if (!rules.ignoresKind) compare('kind', kindText(source), kindText(target));
  return fields;
}

/**
 * Counters that may differ: those of children are raised on purpose, and a first copy makes nodes with their final ACL, which
 * a seed alone can do with its count of changes.
 */
export function counterFields(source: NodeView | undefined, target: NodeView | undefined): Field[] {
  if (source === undefined || target === undefined) return [];
  const fields: Field[] = [];
  const compare = (field: string, a: number, b: number) => {
    if (a !== b) fields.push({ field, source: `${a}`, target: `${b}` });
  };
  compare('aversion', source.aversion, target.aversion);
  compare('sequence counter', source.nextSequence, target.nextSequence);
  return fields;
}

/** Sums up to a checksum of the whole, in whatever order the nodes come. */
export function hashOfView(path: string, view: NodeView, rules: CompareRules): bigint {
  const kind = rules.ignoresKind ? '' : kindText(view);
  const text = [path, dataText(view), aclText(view.acl), view.version, kind].join('\n');
  return dataHash(Buffer.from(text));
}
