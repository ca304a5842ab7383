/**
 * What must hold after everything has healed. Each takes what happened and returns what is wrong with it, one line each.
 */

import type { Conflict, Side } from '@orchestrator/sync';
import { dataHash, type TxnOp } from '@orchestrator/zookeeper';
import {
  type ClientWrite,
  clientWrites,
  cursorPath,
  type Invariant,
  inScope,
  knownFromOtherSide,
  type RunHistory,
  termOf,
} from './history.ts';
import type { ModelNode } from './model/tree.ts';
import { countersAreApart, noNameIsUsedTwice } from './names.ts';

const sidesOf = ['source', 'target'] as const;
const other = (side: Side): Side => (side === 'source' ? 'target' : 'source');

function contestedPaths(history: RunHistory): Set<string> {
  return new Set(history.conflicts.map((conflict) => conflict.path));
}

/** Copies of ephemerals are made from what is there, not change by change. */
function everEphemeral(history: RunHistory): Set<string> {
  const paths = new Set<string>();
  for (const side of sidesOf) {
    for (const txn of history.sides[side].log) {
      for (const op of txn.ops)
        if (op.kind === 'create' && isEphemeral(op.ephemeralOwner)) paths.add(op.path);
    }
  }
  return paths;
}

/** Where versions may differ, as may those above and below: conflicts, ephemerals, and what the ledger says. */
function inexactPaths(history: RunHistory): Set<string> {
  const noted = history.ledger.map(({ path }) => path);
  return new Set([...contestedPaths(history), ...everEphemeral(history), ...noted]);
}

/** At `path` or above it. */
function isBelowAny(path: string, roots: ReadonlySet<string>): boolean {
  for (const root of roots) if (path === root || path.startsWith(`${root}/`)) return true;
  return false;
}

function isAboveAny(path: string, paths: ReadonlySet<string>): boolean {
  for (const below of paths) if (below.startsWith(`${path}/`)) return true;
  return false;
}

const isEphemeral = (owner: bigint) => owner > 0n;
const show = (node: ModelNode) =>
  `${node.data?.toString()} v${node.stat.version}/${node.stat.aversion} acl ${node.acl[0]?.perms} owner ${node.stat.ephemeralOwner.toString(16)}`;

/** Both trees are the same in scope - data, ACL, kind - or differ only in paths that are recorded as held. */
export const treesAreEqual: Invariant = (history) => {
  const { source, target } = history.sides;
  const problems: string[] = [];
  const paths = new Set([...source.tree.nodes.keys(), ...target.tree.nodes.keys()]);
  for (const path of paths) {
    if (!inScope(path) || isBelowAny(path, history.held) || isAboveAny(path, history.held)) continue;
    const a = source.tree.get(path);
    const b = target.tree.get(path);
    if (a === undefined || b === undefined) {
      problems.push(
        `${path}: ${a === undefined ? 'not on the source' : `source has ${show(a)}`}, ${b === undefined ? 'not on the target' : `target has ${show(b)}`}`,
      );
      continue;
    }
    const isSame =
      a.dataHash === b.dataHash &&
      JSON.stringify(a.acl) === JSON.stringify(b.acl) &&
      isSameKind(history, path, a.stat.ephemeralOwner, b.stat.ephemeralOwner);
    if (!isSame) problems.push(`${path}: source has ${show(a)}, target has ${show(b)}`);
  }
  return problems;
};

function isSameKind(history: RunHistory, path: string, a: bigint, b: bigint): boolean {
  if (isEphemeral(a) && isEphemeral(b)) {
    return history.mirrorSessions.some(
      ({ side, originSession, mirrorSession }) =>
        (side === 'target' && originSession === a && mirrorSession === b) ||
        (side === 'source' && originSession === b && mirrorSession === a),
    );
  }
  const isMember = history.electionGroups.some((group) => path.startsWith(`${group}/`));
  if (isEphemeral(a) !== isEphemeral(b)) return isMember && (a === 0n || b === 0n);
  return (
    a === b || history.ledger.some((entry) => entry.path === path && entry.what.includes(' node on the '))
  );
}

/** Paths whose ACL was set to what it was, or on both sides: what comes to the same need not be carried. */
function unevenAcls(history: RunHistory): ReadonlySet<string> {
  const setOn = { source: new Set<string>(), target: new Set<string>() };
  const exempt = new Set<string>();
  for (const side of sidesOf) {
    for (const [path, list] of clientWrites(history, side)) {
      const writes = list.filter(({ op }) => op.kind === 'setAcl');
      if (writes.length > 0) setOn[side].add(path);
      if (writes.some(({ isVain }) => isVain)) exempt.add(path);
    }
  }
  for (const path of setOn.source) if (setOn.target.has(path)) exempt.add(path);
  return exempt;
}

/** Each change has been applied once: where there was no conflict, the versions are equal. */
export const versionsAreEqual: Invariant = (history) => {
  if (!history.isExact) return [];
  const exempt = inexactPaths(history);
  const uneven = unevenAcls(history);
  const problems: string[] = [];
  for (const [path, a] of history.sides.source.tree.nodes) {
    const b = history.sides.target.tree.get(path);
    if (b === undefined || !inScope(path) || isBelowAny(path, exempt) || isAboveAny(path, exempt)) continue;
    const isOff = history.areAclsCounted && a.stat.aversion !== b.stat.aversion && !uneven.has(path);
    if (a.stat.version !== b.stat.version || isOff) {
      problems.push(`${path}: source has ${show(a)}, target has ${show(b)}`);
    }
  }
  return problems;
};

/**
 * Every write that a client was told is done is in the final state, or a later write took its place whose writer's side had
 * it, or it is in a conflict record.
 */
export const noWriteIsLost: Invariant = (history) => {
  const problems: string[] = [];
  const writes = { source: clientWrites(history, 'source'), target: clientWrites(history, 'target') };
  const known = {
    source: knownFromOtherSide(history.sides.source.log),
    target: knownFromOtherSide(history.sides.target.log),
  };
  const conflicts = Map.groupBy(history.conflicts, (conflict) => conflict.path);
  for (const side of sidesOf) {
    for (const [path, list] of writes[side]) {
      const theirs = writes[other(side)].get(path) ?? [];
      for (const [i, write] of list.entries()) {
        if (list.slice(i + 1).some((later) => supersedes(later, write))) continue;
        const wasSeen = theirs.some(
          (later) =>
            supersedes(later, write) &&
            // A session's end takes along what it owned, not what a client of this side made at the same path.
            !(later.isExpiry && write.op.kind === 'create') &&
            // What a delete leaves is nothing, and a create found nothing.
            ((write.op.kind === 'delete' && later.op.kind === 'create') ||
              (known[other(side)][later.index] ?? 0n) >= write.zxid ||
              isWrittenBefore(history, write, later)),
        );
        // Both sides wrote the same: whatever takes the place of the one takes that of the other.
        if (theirs.some((same) => isSameWrite(same.op, write.op))) continue;
        if (wasSeen || isInFinalState(history, write)) continue;
        if (write.isExpiry || write.wentWithSession || write.isVain) continue;
        // So does what is written to a copy, with the original.
        if (write.op.kind !== 'create' && theirs.some((gone) => gone.isExpiry)) continue;
        if (!history.isExact && (isMadeAgain(list, i) || isMistaken(history, write))) continue;
        // Without history an ACL change is nowhere to be seen once the node is deleted on the other side.
        if (!history.isExact && write.op.kind === 'setAcl') continue;
        const recorded = conflicts.get(path) ?? [];
        if (!history.isExact && isFoundLater(list, i, recorded)) continue;
        if (isRecorded(recorded, write) || isBelowDecided(history, write)) continue;
        if (isBelowAny(path, history.held) || isAboveAny(path, history.held)) continue;
        problems.push(`${side} 0x${write.zxid.toString(16)} ${write.op.kind} ${path} ${describe(write)}`);
      }
    }
  }
  return problems;
};

/**
 * Deleted and made again between what an engine had read and what it wrote: the version is the same, so the write goes
 * through. The stream shows it, but not to a successor without history.
 */
function isMadeAgain(list: readonly ClientWrite[], i: number): boolean {
  return list[i]?.op.kind === 'create' && list[i - 1]?.op.kind === 'delete';
}

/**
 * The same for what was written to it since: the engine's write named a version that the node before it had, and by then the
 * one that was made anew had it again.
 */
function isMistaken(history: RunHistory, { side, path, index }: ClientWrite): boolean {
  const { log, clientSessions } = history.sides[side];
  let version: number | undefined;
  let before = -1;
  for (const [i, txn] of log.entries()) {
    const isOurs = !clientSessions.has(txn.sessionId);
    for (const op of txn.ops) {
      if (!('path' in op) || op.path !== path) continue;
      const isOver = isOurs && i > index && op.kind !== 'setAcl';
      if (isOver) return version !== undefined && version <= before;
      if (op.kind === 'create') version = 0;
      if (op.kind === 'setData') version = op.version;
      if (op.kind !== 'delete') continue;
      before = version ?? before;
      version = undefined;
    }
  }
  return false;
}

/** Without history a node is found as it is by then: its making and what was written to it are one change. */
function isFoundLater(list: readonly ClientWrite[], i: number, conflicts: readonly Conflict[]): boolean {
  if (list[i]?.op.kind !== 'create') return false;
  for (const later of list.slice(i + 1)) {
    if (later.op.kind === 'delete' || later.op.kind === 'create') return false;
    if (later.op.kind === 'setData' && isRecorded(conflicts, later)) return true;
  }
  return false;
}

/** What no cursor speaks of - ephemerals, ACLs - is seen once an engine has written it. */
function isWrittenBefore(history: RunHistory, write: ClientWrite, later: ClientWrite): boolean {
  const { log, clientSessions } = history.sides[later.side];
  return log
    .slice(0, later.index)
    .some((txn) => !clientSessions.has(txn.sessionId) && txn.ops.some((op) => isSameChange(op, write.op)));
}

function isSameWrite(a: TxnOp, b: TxnOp): boolean {
  if (a.kind === 'setAcl' && b.kind === 'setAcl') return JSON.stringify(a.acl) === JSON.stringify(b.acl);
  return 'data' in a && 'data' in b && dataHash(a.data) === dataHash(b.data);
}

function isSameChange(a: TxnOp, b: ClientWrite['op']): boolean {
  if (!('path' in a) || a.path !== b.path) return false;
  // A copy is created with all that its original had by then.
  if (b.kind === 'setAcl') return 'acl' in a && JSON.stringify(a.acl) === JSON.stringify(b.acl);
  if (b.kind === 'delete') return a.kind === 'delete';
  if (b.kind === 'create' && a.kind === 'create') return true;
  return 'data' in a && 'data' in b && dataHash(a.data) === dataHash(b.data);
}

const describe = (write: ClientWrite) => ('data' in write.op ? (write.op.data?.toString() ?? '') : '');

/** Whether `later` replaces what `write` did. */
function supersedes(later: ClientWrite, write: ClientWrite): boolean {
  if (later.op.kind === 'delete' || later.op.kind === 'create') return true;
  if (write.op.kind === 'create') return false;
  return later.op.kind === write.op.kind;
}

function isInFinalState(history: RunHistory, write: ClientWrite): boolean {
  return sidesOf.every((side) => {
    const node = history.sides[side].tree.get(write.path);
    switch (write.op.kind) {
      case 'delete':
        return node === undefined;
      case 'setData':
        return node?.dataHash === dataHash(write.op.data);
      case 'setAcl':
        return JSON.stringify(node?.acl) === JSON.stringify(write.op.acl);
      case 'create':
        // Its data may have been changed since; that is another write's matter.
        return node !== undefined;
      default:
        return true;
    }
  });
}

/** The record knows of this change: its last change of that side is this one or a later one. */
function isRecorded(conflicts: readonly Conflict[], write: ClientWrite): boolean {
  return conflicts.some((conflict) => {
    const zxids = /@0x([0-9a-f]+)-0x([0-9a-f]+)(-held)?$/.exec(conflict.id);
    const last = zxids?.[write.side === 'source' ? 1 : 2];
    if (last !== undefined && BigInt(`0x${last}`) >= write.zxid) return true;
    const value = conflict[write.side];
    if (write.op.kind === 'delete') return value === null;
    if (write.op.kind === 'setAcl') return JSON.stringify(value?.acl) === JSON.stringify(write.op.acl);
    return 'data' in write.op && value !== null && dataHash(value.data) === dataHash(write.op.data);
  });
}

/** An operator's choice for a node that only one side has decides all that is below it. */
function isBelowDecided(history: RunHistory, write: ClientWrite): boolean {
  const above = history.conflicts.filter(
    ({ path, reason }) => write.path.startsWith(`${path}/`) && reason.startsWith('an operator'),
  );
  if (isRecorded(above, write)) return true;
  // Without history the record says how far all has been told by then, and what was read may be later than that.
  return !history.isExact && above.length > 0 && !history.sides[write.side].tree.has(write.path);
}

/** An ephemeral goes when its owner goes, or when a client deletes it, and for no other reason. */
export const noEphemeralDiesEarly: Invariant = (history) => {
  const problems: string[] = [];
  for (const side of sidesOf) {
    const { log, clientSessions } = history.sides[side];
    const owners = new Map<string, bigint>();
    for (const txn of log) {
      for (const op of txn.ops) {
        if (op.kind === 'create') owners.set(op.path, op.ephemeralOwner);
        if (op.kind !== 'delete') continue;
        const owner = owners.get(op.path) ?? 0n;
        owners.delete(op.path);
        if (!clientSessions.has(owner) || clientSessions.has(txn.sessionId)) continue;
        if (!isAskedForByOtherSide(history, side, op.path)) {
          problems.push(`${side} 0x${txn.zxid.toString(16)} deleted ${op.path} of a live client`);
        }
      }
      const close = txn.ops[0];
      if (close?.kind === 'closeSession')
        for (const [path, owner] of owners) if (owner === txn.sessionId) owners.delete(path);
    }
  }
  return problems;
};

function isAskedForByOtherSide(history: RunHistory, side: Side, path: string): boolean {
  const isDecided = history.conflicts.some(
    (conflict) =>
      conflict.path === path ||
      (path.startsWith(`${conflict.path}/`) && conflict.reason.startsWith('an operator')),
  );
  if (isDecided) return true;
  const { log, clientSessions } = history.sides[other(side)];
  return log.some(
    (txn) => clientSessions.has(txn.sessionId) && txn.ops.some((op) => 'path' in op && op.path === path),
  );
}

/** No ephemeral is left whose owner is gone: neither an original nor a copy. */
export const noEphemeralOutlives: Invariant = (history) => {
  const problems: string[] = [];
  for (const side of sidesOf) {
    const here = history.sides[side];
    for (const [path, node] of here.tree.nodes) {
      const owner = node.stat.ephemeralOwner;
      if (!isEphemeral(owner) || !inScope(path)) continue;
      const mirrors = history.mirrorSessions.filter(
        (session) => session.side === side && session.mirrorSession === owner,
      );
      const isOwned =
        mirrors.length === 0
          ? here.isLive(owner) && here.clientSessions.has(owner)
          : mirrors.some(({ originSession }) => history.sides[other(side)].isLive(originSession));
      if (!isOwned) problems.push(`${side} ${path} is owned by ${owner.toString(16)}, which is gone`);
    }
  }
  return problems;
};

/** No value of a client was written to the other side more than once, where there was no conflict. */
export const nothingIsAppliedTwice: Invariant = (history) => {
  if (!history.isExact) return [];
  const exempt = inexactPaths(history);
  const problems: string[] = [];
  for (const side of sidesOf) {
    const seen = new Set<string>();
    for (const txn of history.sides[side].log) {
      const first = txn.ops[0];
      if (first?.kind !== 'setData' || first.path !== cursorPath) continue;
      // Within one multi it is repeated to raise the version.
      const values = new Set<string>();
      for (const op of txn.ops) {
        if (op.kind !== 'setData' || !inScope(op.path) || exempt.has(op.path)) continue;
        const value = `${op.path} ${op.data?.toString()}`;
        if (op.data?.toString() === 'same' || isBelowAny(op.path, exempt)) continue;
        if (isAboveAny(op.path, exempt)) continue;
        if (seen.has(value)) problems.push(`${side} 0x${txn.zxid.toString(16)} wrote ${value} again`);
        values.add(value);
      }
      for (const value of values) seen.add(value);
    }
  }
  return problems;
};

/** Once a run has written its term, no run with a lower one writes. */
export const deposedWritesNothing: Invariant = (history) => {
  const problems: string[] = [];
  for (const side of sidesOf) {
    let highest = 0;
    for (const txn of history.sides[side].log) {
      const term = termOf(txn);
      if (term === undefined) continue;
      if (term < highest)
        problems.push(`${side} 0x${txn.zxid.toString(16)} has term ${term} after ${highest}`);
      highest = Math.max(highest, term);
    }
  }
  return problems;
};

/**
 * Nothing of ours takes the place of what we have not seen: each set and delete names the version it expects. The streams
 * would mostly tell afterwards what was overwritten, so the trees alone do not show that this is missing.
 */
export const writesAreConditional: Invariant = (history) =>
  sidesOf.flatMap((side) =>
    history.sides[side].unconditional
      .filter(inScope)
      .map((path) => `${side} was asked to change ${path} whatever its version`),
  );

/** By name, in the order in which they are worth reading. */
export const invariants: Readonly<Record<string, Invariant>> = {
  treesAreEqual,
  noWriteIsLost,
  noEphemeralDiesEarly,
  noEphemeralOutlives,
  versionsAreEqual,
  nothingIsAppliedTwice,
  noNameIsUsedTwice,
  countersAreApart,
  deposedWritesNothing,
  writesAreConditional,
};
