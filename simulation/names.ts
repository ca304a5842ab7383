/**
 * Names of sequential nodes. A server numbers the children of a parent from the count of all that it ever got, so each parent
 * that is made anew begins again; within one, no number may be given out on both sides.
 */
import type { Conflict, Side } from '@orchestrator/sync';
import { parentPath, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import type { Invariant, NamedNode, RunHistory, SideHistory } from './history.ts';

/** Less is a step on the way, or was meant for a parent that had been deleted by then and came to the one made in its place. */
const leastRaise = 50;
/** How long a change may take to be known on the other side, freezes and late requests included. */
const travelMs = 2_000;
const gapName = /\/orchestrator-gap$/;
const isSequential = (path: string) => /[0-9]{10}$/.test(path);

type CreateOp = Extract<TxnOp, { kind: 'create' }>;

/** The making of a node. */
interface Made {
  readonly side: Side;
  readonly index: number;
  readonly txn: Txn;
  readonly op: CreateOp;
  readonly byClient: boolean;
}

/** All creates of one side, by path and by the parent's path, in order. */
interface Creates {
  readonly at: ReadonlyMap<string, readonly Made[]>;
  readonly below: ReadonlyMap<string, readonly Made[]>;
}

function createsOf(side: Side, { log, clientSessions }: SideHistory): Creates {
  const made = log.flatMap((txn, index) =>
    txn.ops
      .filter((op) => op.kind === 'create')
      .map((op): Made => ({ side, index, txn, op, byClient: clientSessions.has(txn.sessionId) })),
  );
  return {
    at: Map.groupBy(made, ({ op }) => op.path),
    below: Map.groupBy(made, ({ op }) => parentPath(op.path)),
  };
}

/** The making of the parent below which `child` was made; `undefined`: it was there from the start. */
function parentOf({ at }: Creates, child: Made): Made | undefined {
  return at.get(parentPath(child.op.path))?.findLast(({ index }) => index <= child.index);
}

/**
 * What raised the target's counter above the source's before `child` was made there: children that we make for that and, since
 * none may come before them, any sequential child that we carried over. Writes of ours do not name the parent that they are for:
 * they may meet one that a client has made anew since, which they leave as near to the source's as before.
 */
function guardOf({ source, target }: Readonly<Record<Side, Creates>>, child: Made): Made | undefined {
  const parent = parentPath(child.op.path);
  const made = parentOf(target, child);
  const from = made?.index ?? -1;
  const isApart = ({ op, txn }: Made) =>
    op.parentCversion >= counterAt(source, parent, txn.timeMs) + leastRaise;
  const siblings = target.below.get(parent) ?? [];
  return siblings.find(
    (sibling) =>
      sibling.index >= from &&
      sibling.index < child.index &&
      !sibling.byClient &&
      (gapName.test(sibling.op.path) || isSequential(sibling.op.path)) &&
      isApart(sibling),
  );
}

/**
 * No two clients, on whichever side, got the same name - but for what no engine can prevent, since nothing travels at once: the
 * target's parent is new and no sequential child of the other side had come to it yet, or the source's was made anew and that
 * had not come over. Then there is a conflict on record, unless both held the same at some time, or one had gone before the other
 * came, or went by itself.
 */
export const noNameIsUsedTwice: Invariant = (history) => {
  const { source, target } = history.sides;
  const creates = { source: createsOf('source', source), target: createsOf('target', target) };
  const byPath = Map.groupBy(source.named, ({ path }) => path);
  const problems: string[] = [];
  for (const name of target.named) {
    const there = madeBy(creates.target, name);
    for (const other of byPath.get(name.path) ?? []) {
      const here = madeBy(creates.source, other);
      if (here === undefined || there === undefined) continue;
      const isNoted = isOnRecord(history, here, there);
      if (isUnpreventable(creates, here, there) && isNoted) continue;
      const what = isNoted ? '' : ', and no conflict is on record';
      problems.push(`${name.path} was given on the source and on the target${what}`);
    }
  }
  return problems;
};

function madeBy({ at }: Creates, { path, zxid }: NamedNode): Made | undefined {
  return at.get(path)?.find(({ txn }) => txn.zxid === zxid);
}

function isUnpreventable(creates: Readonly<Record<Side, Creates>>, here: Made, there: Made): boolean {
  const guard = guardOf(creates, there);
  if (guard === undefined) return true;
  const parent = parentOf(creates.source, here);
  return parent?.byClient === true && parent.txn.timeMs >= guard.txn.timeMs;
}

function isOnRecord(history: RunHistory, here: Made, there: Made): boolean {
  const { path } = here.op;
  // An operator's choice for a parent decides all that is below it.
  const isOn = (conflict: Conflict) =>
    conflict.path === path ||
    (conflict.reason.startsWith('an operator') && path.startsWith(`${conflict.path}/`));
  if (history.conflicts.some(isOn)) return true;
  if (isSameForATime(valuesOf(history, here), valuesOf(history, there))) return true;
  if (endMs(history, here) <= there.txn.timeMs || endMs(history, there) <= here.txn.timeMs) return true;
  return [here, there].some((made) => wentByItself(history.sides[made.side], made));
}

/** What a node held, as clients wrote it, and from when until when. */
interface Held {
  readonly value: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Until it went, or a write of ours came: what that met has been compared by then. */
function valuesOf(history: RunHistory, made: Made): readonly Held[] {
  const { log, clientSessions } = history.sides[made.side];
  const values = [{ value: made.op.data?.toString(), fromMs: made.txn.timeMs }];
  let toMs = endMs(history, made);
  for (const { sessionId, timeMs, ops } of log.slice(made.index)) {
    if (timeMs >= toMs) break;
    for (const op of ops) {
      if (op.kind !== 'setData' || op.path !== made.op.path) continue;
      if (clientSessions.has(sessionId)) values.push({ value: op.data?.toString(), fromMs: timeMs });
      else toMs = timeMs;
    }
  }
  return values.map((each, at) => ({ ...each, toMs: Math.min(values[at + 1]?.fromMs ?? toMs, toMs) }));
}

/** Then an engine that looked at both found no conflict. */
function isSameForATime(here: readonly Held[], there: readonly Held[]): boolean {
  return here.some((mine) =>
    there.some((other) => {
      const isMet = mine.fromMs <= other.toMs && other.fromMs <= mine.toMs;
      return isMet && mine.value === other.value;
    }),
  );
}

/** When it was no longer there, whoever deleted it; or a client of the other side had deleted what had come over of it. */
function endMs({ sides }: RunHistory, { side, txn, op: { path } }: Made): number {
  const isEnd = (made: Txn) =>
    made.timeMs >= txn.timeMs && made.ops.some((each) => each.kind === 'delete' && each.path === path);
  const isGone = ({ zxid }: Txn) => zxid > txn.zxid && sides[side].expired.get(zxid)?.includes(path) === true;
  const far = sides[side === 'source' ? 'target' : 'source'];
  const here = sides[side].log.find((made) => (made.zxid > txn.zxid && isEnd(made)) || isGone(made));
  const there = far.log.find((made) => far.clientSessions.has(made.sessionId) && isEnd(made));
  return Math.min(...[here, there].map((end) => end?.timeMs ?? Number.POSITIVE_INFINITY));
}

/** Deleted by a client of its own side, or gone with its session. */
function wentByItself({ log, clientSessions, expired }: SideHistory, { index, op: { path } }: Made): boolean {
  return log.slice(index + 1).some((txn) => {
    const isDeleted = txn.ops.some((op) => op.kind === 'delete' && op.path === path);
    return (isDeleted && clientSessions.has(txn.sessionId)) || expired.get(txn.zxid)?.includes(path) === true;
  });
}

/**
 * By the time a sequential child of the source comes to the target, the target's counter is above the source's - unless a
 * client of the target made the parent just before.
 */
export const countersAreApart: Invariant = (history) => {
  const { source, target } = history.sides;
  if (!history.isGuarded) return [];
  const creates = { source: createsOf('source', source), target: createsOf('target', target) };
  const names = new Set(source.named.map(({ path }) => path));
  const problems: string[] = [];
  for (const [parent, children] of creates.target.below) {
    for (const child of children) {
      if (child.byClient || !names.has(child.op.path)) continue;
      const made = parentOf(creates.target, child);
      if (made?.byClient === true && child.txn.timeMs - made.txn.timeMs < travelMs) continue;
      const counter = counterAt(creates.source, parent, child.txn.timeMs);
      if (child.op.parentCversion > counter) continue;
      problems.push(
        `target 0x${child.txn.zxid.toString(16)} got ${child.op.path} at ${child.op.parentCversion}, the source is at ${counter}`,
      );
    }
  }
  return problems;
};

function counterAt({ at, below }: Creates, parent: string, timeMs: number): number {
  const isBefore = ({ txn }: Made) => txn.timeMs < timeMs;
  const made = at.get(parent)?.findLast(isBefore);
  const last = below.get(parent)?.findLast(isBefore);
  if (last === undefined || (made !== undefined && made.index > last.index)) return 0;
  return last.op.parentCversion;
}
