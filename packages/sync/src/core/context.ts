/** All that one run of the core knows. The other files of this folder are functions of it. */
import type { OwnZnodes } from '../znodes.ts';
import type { DirtyTable } from './dirty.ts';
import type { Lane } from './lane.ts';
import type { Mirror } from './mirror.ts';
import type { CoreLimits, SideTraits } from './options.ts';
import type { Reads } from './reads.ts';
import type { Scope } from './scope.ts';
import type { Action, Blocked, Conflict, ConflictStrategy, Side } from './types.ts';

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
  /** On this side, for clients of the other: mirror session to origin session, and back. */
  readonly originOf: Map<bigint, bigint>;
  readonly mirrorOf: Map<bigint, bigint>;
}

/** A path left alone on both sides until an operator chooses. */
export interface Held {
  readonly conflict: Conflict;
  /** Paths that wait for this one, with the side whose change waits. */
  readonly dependents: Map<string, Side>;
}

export interface Refused {
  readonly blocked: Blocked;
  isRecorded: boolean;
  /** Paths that cannot be carried because this one is not there. */
  readonly dependents: Set<string>;
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
  /** The loser's last op that it knows of. */
  readonly loserSeq: number;
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
  attempts: number;
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
  readonly held: Map<string, Held>;
  /** By the side that refuses. */
  readonly refused: Readonly<Record<Side, Map<string, Refused>>>;
  /** Copies that are being made, by the side they are made on. */
  readonly copies: Readonly<Record<Side, Map<string, EphemeralCopy>>>;
  readonly reads: Reads;
  readonly out: Action[];
  nextId: number;
  arrivedMs: number;
}
