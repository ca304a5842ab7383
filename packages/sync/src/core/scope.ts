import { parentPath } from '@orchestrator/zookeeper';
import { ownRoot } from '../znodes.ts';

/** Which paths are synchronised, and how. */
export interface Scope {
  includes(path: string): boolean;
  /** Whether ephemerals at this path are members of an election group, to be copied as persistent nodes. */
  isElectionMember(path: string): boolean;
  /** The topmost paths in scope, none below another. */
  readonly roots: readonly string[];
  readonly electionGroups: readonly string[];
}

export interface ScopeOptions {
  readonly paths?: readonly string[] | undefined;
  readonly excludes?: readonly string[] | undefined;
  readonly electionGroups?: readonly string[] | undefined;
}

/** ZooKeeper's own subtree (quotas, configuration) belongs to each ensemble, ours to the engine. */
const alwaysExcluded = ['/zookeeper', ownRoot];

export function isWithin(path: string, prefix: string): boolean {
  return (
    prefix === '/' ||
    (path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f))
  );
}

export function createScope(options: ScopeOptions): Scope {
  const paths = options.paths ?? ['/'];
  const excludes = [...alwaysExcluded, ...(options.excludes ?? [])];
  const groups = new Set(options.electionGroups ?? []);
  const everything = paths.includes('/');
  return {
    includes(path) {
      for (const excluded of excludes) if (isWithin(path, excluded)) return false;
      // The root exists on both sides and is never created or deleted, but its data and ACL count.
      return everything || paths.some((prefix) => isWithin(path, prefix));
    },
    isElectionMember: (path) => groups.size > 0 && groups.has(parentPath(path)),
    roots: paths.filter((path) => !paths.some((other) => other !== path && isWithin(path, other))),
    electionGroups: [...groups],
  };
}
