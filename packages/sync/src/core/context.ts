/** All that one run of the core knows. The other files of this folder are functions of it. */
import { parentPath, type Txn } from '@orchestrator/zookeeper';
import type { OwnZnodes } from '../znodes.ts';
import type { DirtyTable } from './dirty.ts';
import type { Lane } from './lane.ts';
import type { Mirror } from './mirror.ts';
import type { CoreLimits, SideTraits } from './options.ts';
import type { Reads } from './reads.ts';
import type { Scope } from './scope.ts';
import {
  type Action,
  type Blocked,
  type Conflict,
  type ConflictStrategy,
  type EphemeralCreate,
  later,
  type Side,
} from './types.ts';

export interface SideContext {
  readonly side: Side;
  mirror: Mirror;
  readonly traits: SideTraits;
  /** How far this side's stream has been handed in. */
  position: bigint;
  /** The last transaction here that was not just a cursor of ours moving. */
  lastNoteworthy: bigint;
  /** Sessions through which we write here. */
  readonly ownSessions: Set<bigint>;
  /** Sessions of ours on this side that own copies. Several clients of the other side may share one. */
  readonly mirrorSessions: Set<bigint>;
  /** By the session of a client of the other side. */
  readonly mirrorOf: Map<bigint, bigint>;
  /** Of a capture without history: what it told and could not be taken in yet. */
  readonly findings: Finding[];
  /** Findings were out of date; nothing is written here until it has looked again and told of everything up to here. */
  listenUntil: bigint;
  /** The findings before the next progress were out of date. */
  isMisheard: boolean;
  /** Changes of its mirror, in order, that the capture may not have known when it looked last. */
  shown: Shown[];
}

/** A transaction, or how far everything has been told. */
export type Finding = Txn | Progress;

/** All up to `zxid` has been told, in comparison with a mirror that held what there was up to `knew`. */
export interface Progress {
  readonly zxid: bigint;
  readonly knew: bigint;
}

export interface Copying {
  /** Says what has to be settled at a path. */
  readonly look: (path: string) => void;
  /** The last path that it has come to. */
  through: string | undefined;
  /** Looked at before their turn. */
  readonly ahead: Set<string>;
}

/** A change that the mirror has had since it was at `zxid`; what was read at `from` or later was read with it in place. */
export interface Shown {
  readonly zxid: bigint;
  readonly from: bigint;
  readonly paths: readonly string[];
  isAskedFor: boolean;
}

export interface Refused {
  readonly blocked: Blocked;
  isRecorded: boolean;
}

export interface Contest {
  readonly conflict: Conflict;
  /**
   * `changes`: both sides changed the path; `delete`: one side deleted what has children on the other; `overwritten`: our
   * write took the place of a change we had not seen; `resolution`: an operator has chosen.
   */
  readonly kind: 'changes' | 'delete' | 'overwritten' | 'resolution';
  /** The last changes that the decision knows of; a later one makes it void. */
  readonly lastZxids: Readonly<Record<Side, bigint>>;
  /** The loser's last op that it knows of; -1 for the winner. Of both sides where each overwrote the other. */
  readonly loserSeqs: Readonly<Record<Side, number>>;
  /** Of the records that have to be in the store before this is carried out. */
  readonly ids: readonly string[];
  readonly unrecorded: Set<string>;
  isRecorded: boolean;
}

/** A copy being made: `waiting` for the batches before it, `sent`, `acked` and not seen in the stream yet, or `failed`. */
export interface EphemeralCopy {
  readonly path: string;
  state: 'waiting' | 'sent' | 'acked' | 'failed';
  /** The batch whose parents, and whose order, it waits for. */
  readonly after: number;
  request: number;
  /** A failure is looked into once the stream has passed this. */
  failedZxid: bigint;
  sent: EphemeralCreate | undefined;
}

/** The parents whose sequence counters are kept apart; see `sequences.ts`. */
export interface Sequences {
  /** 0: counters are left alone. */
  readonly gap: number;
  /** Parents that have or had sequential children, with the creates seen since their counters were last looked at. */
  readonly parents: Map<string, number>;
  /** Parents whose counters are to be looked at, or were found too close and are being raised to the full gap. */
  readonly pending: Map<string, 'look' | 'raise'>;
  /** Parents so far behind that a child waits until they have been raised. */
  readonly awaited: Set<string>;
  /** Parents that we cannot raise; on the ledger. */
  readonly refused: Set<string>;
  /** Looks for parents in the whole tree, a slice at a time. */
  survey: Generator<void> | undefined;
}

export interface Context {
  readonly term: number;
  readonly strategy: ConflictStrategy;
  readonly limits: CoreLimits;
  readonly scope: Scope;
  readonly znodes: OwnZnodes;
  readonly sides: Readonly<Record<Side, SideContext>>;
  /** By the side that changes come from. */
  readonly lanes: Readonly<Record<Side, Lane>>;
  readonly dirty: DirtyTable;
  readonly contests: Map<string, Contest>;
  /** Left alone on both sides until an operator chooses. */
  readonly held: Map<string, Conflict>;
  /** Conflicts that are decided and recorded, but not known to be carried out; by path. */
  readonly undone: Map<string, Set<string>>;
  /** Held paths below which changes were left alone as well, and how far the streams were when that was done last. */
  readonly heldDeep: Map<string, Readonly<Record<Side, bigint>>>;
  /** What the operator has chosen, until it is carried out. */
  readonly choices: Map<string, Side>;
  /** By the side that refuses. */
  readonly refused: Readonly<Record<Side, Map<string, Refused>>>;
  /** Copies that are being made, by the side they are made on. */
  readonly copies: Readonly<Record<Side, Map<string, EphemeralCopy>>>;
  readonly reads: Reads;
  readonly sequences: Sequences;
  /** Comparisons under way, a slice at a time; nothing is sent meanwhile. */
  readonly sweeps: Generator<void>[];
  /** The first so many of these look through what a stream has missed. */
  gaps: number;
  /** The target has been made equal to the source. */
  isCopied: boolean;
  /** No stream has told what clients of the target did before: the first copy finds it. */
  isCopyBlind: boolean;
  /** The first copy, until it has looked at every path. */
  copying: Copying | undefined;
  /**
   * Both sides are compared, and not all that was found is settled. No cursor says so, and a decision in one direction goes
   * with one in the other: until both are carried out, what clients do waits and the cursors stay.
   */
  isComparing: boolean;
  /** What to do then. */
  readonly afterComparison: (() => void)[];
  readonly out: Action[];
  nextId: number;
  arrivedMs: number;
}

/** How far the mirror shows the side. Without history, the position follows only when all of it has been told. */
export const seenThrough = ({ mirror, position }: SideContext): bigint => later(mirror.zxid, position);

/** The store may know that a path is held before the core is told. */
export function isHeldOrAbout({ held, contests }: Context, path: string): boolean {
  return held.has(path) || contests.get(path)?.conflict.decision === 'held';
}

/** What was passed over below a held path the cursors have passed too: nothing says any more who has changed it. */
export function isLeftAlone({ heldDeep }: Context, path: string): boolean {
  if (heldDeep.size === 0) return false;
  for (let above = parentPath(path); above !== '/'; above = parentPath(above)) {
    if (heldDeep.has(above)) return true;
  }
  return false;
}
