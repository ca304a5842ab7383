/**
 * What a finding has to say by now. It was made by comparing what was read with the mirror as it was then; meanwhile that may
 * have changed by our own writes and by other findings. So each path's state is put together from it and compared anew.
 */
import {
  type CreateOp,
  type DeleteOp,
  dataHash,
  parentPath,
  type SetAclOp,
  type SetDataOp,
  type Txn,
  type TxnOp,
} from '@orchestrator/zookeeper';
import { type Mirror, type MirrorNode, sameAcl } from './mirror.ts';
import type { Scope } from './scope.ts';

/** A path as it was found. Without `create` it was there before, and only what is given was seen to differ. */
interface Found {
  isGone: boolean;
  create?: CreateOp;
  set?: SetDataOp;
  acl?: SetAclOp;
}

/**
 * What turns `mirror` into what was found: deletes, children first, then the rest, parents first. `undefined` when that cannot
 * be told from this finding.
 */
export function newsOf(mirror: Mirror, scope: Scope, txn: Txn): readonly TxnOp[] | undefined {
  const found = statesIn(txn);
  const deleted = new Set<string>();
  const made: TxnOp[] = [];
  const created = new Set<string>();
  for (const path of [...found.keys()].sort()) {
    const state = found.get(path);
    if (state === undefined) continue;
    const node = deleted.has(path) ? undefined : mirror.get(path);
    if (node !== undefined && isOver(node, state))
      for (const each of mirror.walk(path)) deleted.add(each.path);
    if (state.isGone) continue;
    const ops = opsFor(deleted.has(path) ? undefined : node, state);
    if (ops === undefined) return undefined;
    if (ops[0]?.kind === 'create') {
      if (!hasParent(mirror, scope, path, { deleted, created })) return undefined;
      created.add(path);
    }
    made.push(...ops);
  }
  const deletes = [...deleted].sort().reverse();
  return [...deletes.map((path): DeleteOp => ({ kind: 'delete', path })), ...made];
}

function statesIn({ ops }: Txn): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const op of ops) {
    if (!('path' in op)) continue;
    const state = found.get(op.path) ?? { isGone: false };
    if (op.kind === 'delete') found.set(op.path, { isGone: true });
    else if (op.kind === 'create') found.set(op.path, { isGone: false, create: op });
    else found.set(op.path, op.kind === 'setData' ? { ...state, set: op } : { ...state, acl: op });
  }
  return found;
}

/** Whether the mirror's node is there no more, or is another one by now: what only falls then has fallen. */
function isOver({ stat, dataHash: hash }: MirrorNode, { isGone, create, set, acl }: Found): boolean {
  if (isGone || create === undefined) return isGone;
  const version = set?.version ?? 0;
  if (stat.ephemeralOwner !== create.ephemeralOwner) return true;
  if (version < stat.version || (acl?.aversion ?? 0) < stat.aversion) return true;
  return version === stat.version && hash !== dataHash((set ?? create).data);
}

function opsFor(node: MirrorNode | undefined, { create, set, acl }: Found): readonly TxnOp[] | undefined {
  const changes = [set, acl].filter((op) => op !== undefined);
  // Seen to differ from a node that is gone by now, or is another one: which it was found at nobody says.
  if (node === undefined) return create === undefined ? undefined : [create, ...changes];
  if (set !== undefined && set.version < node.stat.version) return undefined;
  const aversion = acl?.aversion ?? node.stat.aversion;
  if (aversion < node.stat.aversion) return undefined;
  const news: TxnOp[] = [];
  if (set !== undefined && set.version > node.stat.version) news.push(set);
  const isOtherAcl = acl !== undefined && !sameAcl(node.acl, acl.acl);
  if (acl !== undefined && (aversion > node.stat.aversion || isOtherAcl)) news.push(acl);
  return news;
}

function hasParent(
  mirror: Mirror,
  scope: Scope,
  path: string,
  { deleted, created }: { readonly deleted: ReadonlySet<string>; readonly created: ReadonlySet<string> },
): boolean {
  const parent = parentPath(path);
  if (created.has(parent) || !scope.includes(parent)) return true;
  return mirror.has(parent) && !deleted.has(parent);
}
