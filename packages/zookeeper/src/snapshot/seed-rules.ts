/** What becomes of each node on its way from a source's tree into a snapshot for another ensemble. Pure. */

import { permissions } from '../protocol/acl.ts';
import { nodeKind } from '../protocol/stat.ts';
import type { SnapshotNode } from '../tree/node.ts';
import { nodeName } from '../tree/path.ts';

/** Release line of the servers that are to load a snapshot. */
export type TargetVersion = '3.4' | '3.5' | '3.6' | '3.7' | '3.8' | '3.9';

export interface SeedRules {
  readonly targetVersion: TargetVersion;
  /** Whether `extendedTypesEnabled=true` on the target: it must be for TTL nodes. Default true. */
  readonly extendedTypes?: boolean;
  /** Paths that are left out, with all below them. Default none. */
  readonly exclude?: (path: string) => boolean;
  /** Sessions and their ephemeral nodes. Default `drop`. */
  readonly sessions?: 'keep' | 'drop';
  /**
   * Text of `/zookeeper/config` (3.5 and later): the target's own `server.N=…` lines, then `version=0`. Followers write it
   * themselves, but the first to lead shows what the snapshot holds. Never the source's: clients such as Curator's connect
   * to the servers that they find there. Default: empty.
   */
  readonly ensembleConfig?: string;
  /** Raises the counter of each parent that has sequential children by so much, that names never collide. Default 0. */
  readonly sequenceGap?: number;
}

/**
 * - `excluded`: asked for
 * - `ensemble`: describes the source's own servers (`/zookeeper/config`); becomes `ensembleConfig`, or goes for 3.4
 * - `replaced`: by a node of our own
 * - `ephemeral`: sessions are dropped
 * - `orphan`: ephemeral of a session that is gone; the target's servers would not agree on it
 * - `container`, `ttl`: made persistent, as the target knows no such nodes
 * - `sequence`: counter raised
 * - `sequence-end`: counter too near its end to be raised
 */
export type SeedChange =
  | 'excluded'
  | 'ensemble'
  | 'replaced'
  | 'ephemeral'
  | 'orphan'
  | 'container'
  | 'ttl'
  | 'sequence'
  | 'sequence-end';

const dropping: ReadonlySet<SeedChange> = new Set<SeedChange>([
  'excluded',
  'ensemble',
  'ephemeral',
  'orphan',
]);
const highestCversion = 0x7fff_ffff;

export const configPath = '/zookeeper/config';

/** The node as a server of 3.5 or later makes it on its first start. */
export function configNode(rules: SeedRules): SnapshotNode {
  return {
    path: configPath,
    data: Buffer.from(rules.ensembleConfig ?? ''),
    acl: [{ perms: permissions.read, scheme: 'world', id: 'anyone' }],
    stat: {
      czxid: 0n,
      mzxid: 0n,
      pzxid: 0n,
      ctime: 0,
      mtime: 0,
      version: -1,
      cversion: 0,
      aversion: -1,
      ephemeralOwner: 0n,
    },
  };
}

/** Whether servers of that release keep their configuration in the tree. */
export function hasConfigNode(version: TargetVersion): boolean {
  return version !== '3.4';
}

/** Whether a name ends in the ten digits that servers append. */
export function isSequential(path: string): boolean {
  return /\d{10}$/.test(nodeName(path));
}

export interface SeedContext {
  readonly rules: SeedRules;
  /** Parents that have sequential children in the source. */
  readonly sequenceParents: ReadonlySet<string>;
  readonly sessionIds: ReadonlySet<bigint>;
}

/** What happens to a node, not looking at its parents. */
export function changesOf(node: Pick<SnapshotNode, 'path' | 'stat'>, context: SeedContext): SeedChange[] {
  const { rules } = context;
  if (node.path === configPath) return ['ensemble'];
  if (rules.exclude?.(node.path) === true) return ['excluded'];
  const kind = nodeKind(node.stat.ephemeralOwner);
  if (kind === 'ephemeral') {
    if (rules.sessions !== 'keep') return ['ephemeral'];
    if (!context.sessionIds.has(node.stat.ephemeralOwner)) return ['orphan'];
  }
  const changes: SeedChange[] = [];
  if (kind === 'container' && rules.targetVersion === '3.4') changes.push('container');
  if (kind === 'ttl' && (rules.targetVersion === '3.4' || rules.extendedTypes === false)) changes.push('ttl');
  const gap = rules.sequenceGap ?? 0;
  if (gap > 0 && context.sequenceParents.has(node.path)) {
    changes.push(node.stat.cversion + gap > highestCversion ? 'sequence-end' : 'sequence');
  }
  return changes;
}

export function isDropped(changes: readonly SeedChange[]): boolean {
  return changes.some((change) => dropping.has(change));
}

/** The node as it is written. */
export function applyChanges<N extends Pick<SnapshotNode, 'stat'>>(
  node: N,
  changes: readonly SeedChange[],
  rules: SeedRules,
): N {
  if (changes.length === 0) return node;
  const stat = { ...node.stat };
  if (changes.includes('container') || changes.includes('ttl')) stat.ephemeralOwner = 0n;
  if (changes.includes('sequence')) stat.cversion += rules.sequenceGap ?? 0;
  return { ...node, stat };
}

/** Follows a walk and remembers which subtree is being left out. */
export class DroppedSubtree {
  #root: string | undefined;

  /** Whether `path` lies below a node that was dropped; `dropped` says whether it is itself. */
  covers(path: string): boolean {
    return this.#root !== undefined && path.startsWith(`${this.#root}/`);
  }

  drop(path: string): void {
    this.#root = path;
  }
}
