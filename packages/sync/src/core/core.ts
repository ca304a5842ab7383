import { ownZnodes } from '../znodes.ts';
import { onApplied, onApplyFailed, onApplyUnknown, onCursorRead, passBarrier } from './answers.ts';
import { compareSides } from './compare.ts';
import { beginComparison, endComparison } from './comparing.ts';
import { type Context, isHeldOrAbout, type Refused, type SideContext } from './context.ts';
import { beginCopy } from './copy.ts';
import { sendReads } from './data-of.ts';
import { DirtyTable } from './dirty.ts';
import { onEphemeralsApplied } from './ephemerals.ts';
import { removeElectionCopies } from './finish.ts';
import { bridgeGap } from './gap.ts';
import { resolveHeld } from './held.ts';
import { foldInFindings, observe, takeFindings } from './intake.ts';
import { createLane, oldestArrivedMs, oldestSeq } from './lane.ts';
import { type CoreOptions, defaultLimits, defaultSequenceGap } from './options.ts';
import { raiseCounters, raiseForChildren } from './raise-later.ts';
import { Reads } from './reads.ts';
import { reconcile } from './reconcile.ts';
import { onBlockedRecorded } from './refused.ts';
import { createScope } from './scope.ts';
import { followCursors, pump, relieve } from './send.ts';
import { continueSurvey, createSequences, startSurvey } from './sequences.ts';
import { addMirrorSession } from './sessions.ts';
import { evidenceAtStart, replayWindows, reviewEphemerals, targetEvidence, type Windows } from './start.ts';
import {
  type Action,
  type Blocked,
  type Conflict,
  type CoreState,
  type Event,
  later,
  otherSide,
  type Side,
} from './types.ts';
import { resumeUndone } from './undone.ts';
import { onConflictRecorded } from './verdict.ts';

export interface CoreStatus {
  readonly state: CoreState;
  /** How far each side's stream has been dealt with or queued. */
  readonly positions: Readonly<Record<Side, bigint>>;
  /** Changes seen and not yet on the other side, copies of ephemerals among them, by the side they come from. */
  readonly backlog: Readonly<Record<Side, number>>;
  /** Arrival of the oldest of these; `undefined` when there is none. */
  readonly oldestArrivedMs: Readonly<Record<Side, number | undefined>>;
  readonly held: readonly string[];
  readonly blocked: readonly Blocked[];
}

export interface Core {
  /** Takes in one event and returns what is to be done, in order. Never throws for anything that servers or clients do. */
  handle(event: Event): Action[];
  status(): CoreStatus;
}

const sidesOf = ['source', 'target'] as const;

/** The synchronisation of two ensembles as a deterministic function of events; see the architecture page. */
export function createCore(options: CoreOptions): Core {
  return new SyncCore(options);
}

/** While the first copy goes on, this many settlings wait at most. */
const mostCopiesWaiting = 2_000;

class SyncCore implements Core {
  readonly #ctx: Context;
  readonly #windows: Windows;
  readonly #undone: readonly Conflict[];
  #state: CoreState = 'idle';
  /** The claims hold. */
  #isRunning = false;
  #copiedSeq: number | undefined;
  #isPaused = false;
  #isFinishing = false;

  constructor(options: CoreOptions) {
    this.#ctx = createContext(options);
    this.#undone = options.undone ?? [];
    this.#windows = {
      source: options.sides.source.window?.slice(),
      target: options.sides.target.window?.slice(),
    };
  }

  handle(event: Event): Action[] {
    if (this.#state === 'deposed') return [];
    this.#take(event);
    if ((this.#state as CoreState) !== 'deposed') this.#advance();
    return this.#ctx.out.splice(0);
  }

  status(): CoreStatus {
    const { sides, lanes, copies, held, refused } = this.#ctx;
    const backlogOf = (side: Side) => lanes[side].backlog + copies[otherSide(side)].size;
    return {
      state: this.#state,
      positions: { source: sides.source.position, target: sides.target.position },
      backlog: { source: backlogOf('source'), target: backlogOf('target') },
      oldestArrivedMs: { source: oldestArrivedMs(lanes.source), target: oldestArrivedMs(lanes.target) },
      held: [...held.keys()],
      blocked: sidesOf.flatMap((side) => [...refused[side].values()].map((each) => each.blocked)),
    };
  }

  #become(next: CoreState): void {
    if (this.#state === next) return;
    this.#state = next;
    this.#ctx.out.push({ kind: 'state', state: next });
  }

  #depose(term: number): void {
    this.#ctx.out.length = 0;
    this.#become('deposed');
    this.#ctx.out.push({ kind: 'deposed', term });
  }

  #take(event: Event): void {
    const ctx = this.#ctx;
    switch (event.kind) {
      case 'start':
        this.#become('claiming');
        for (const side of sidesOf) ctx.out.push({ kind: 'readCursor', side });
        break;
      case 'txns':
        this.#takeTxns(event);
        break;
      case 'progress':
        this.#takeProgress(event);
        break;
      case 'snapshot':
        this.#takeSnapshot(event);
        break;
      case 'applied':
        onApplied(ctx, event.side, event.batch, event.zxid);
        break;
      case 'applyFailed':
        onApplyFailed(ctx, event.side, event);
        break;
      case 'applyUnknown':
        onApplyUnknown(ctx, event.side, event.batch);
        break;
      case 'cursorRead':
        if (!onCursorRead(ctx, event.side, event)) this.#depose(event.cursor.term);
        break;
      case 'ephemeralsApplied':
        onEphemeralsApplied(ctx, event.side, event.batch, event.zxid, event.failed);
        break;
      case 'sessionOpened':
        ctx.sides[event.side].ownSessions.add(event.sessionId);
        break;
      case 'mirrorSessionOpened':
        addMirrorSession(ctx.sides[event.session.side], event.session);
        break;
      case 'conflictRecorded':
        onConflictRecorded(ctx, event.id);
        break;
      case 'blockedRecorded':
        onBlockedRecorded(ctx, event.side, event.path);
        break;
      case 'values':
        ctx.reads.onValues(event.request, event.values, event.failed);
        break;
      default:
        this.#takeRequest(event);
    }
  }

  /** What people ask for, and the passing of time. */
  #takeRequest(event: Event): void {
    const ctx = this.#ctx;
    switch (event.kind) {
      case 'resolve':
        if (isHeldOrAbout(ctx, event.path)) ctx.choices.set(event.path, event.winner);
        else ctx.out.push({ kind: 'released', path: event.path });
        break;
      case 'reconcile':
        beginComparison(ctx, reconcile(ctx, event.paths));
        break;
      case 'pause':
        this.#isPaused = true;
        break;
      case 'resume':
        this.#isPaused = false;
        break;
      case 'tick':
        ctx.reads.dropStale();
        letThrough(ctx);
        if (this.#state === 'syncing') followCursors(ctx);
        break;
      case 'finish':
        this.#isFinishing = true;
        beginComparison(ctx, removeElectionCopies(ctx));
        break;
      default:
        break;
    }
  }

  #takeTxns({ side, txns, arrivedMs }: Extract<Event, { kind: 'txns' }>): void {
    const ctx = this.#ctx;
    const here = ctx.sides[side];
    ctx.arrivedMs = arrivedMs;
    for (const txn of txns) {
      if (!here.traits.hasHistory) here.findings.push(txn);
      else if (!this.#isRunning) {
        here.mirror.apply(txn);
        here.position = txn.zxid;
        this.#windows[side]?.push(txn);
      } else {
        const higherTerm = observe(ctx, side, txn, arrivedMs);
        if (higherTerm === undefined) continue;
        this.#depose(higherTerm);
        return;
      }
    }
  }

  #takeProgress({ side, zxid, knew }: Extract<Event, { kind: 'progress' }>): void {
    const here = this.#ctx.sides[side];
    if (here.traits.hasHistory) here.position = later(here.position, zxid);
    else here.findings.push({ zxid, knew: knew ?? here.mirror.zxid });
  }

  #takeSnapshot({ side, mirror }: Extract<Event, { kind: 'snapshot' }>): void {
    const ctx = this.#ctx;
    const here = ctx.sides[side];
    here.findings.length = 0;
    here.isMisheard = false;
    here.shown.length = 0;
    if (this.#isRunning) {
      bridgeGap(ctx, side, mirror);
      return;
    }
    here.mirror = mirror;
    here.position = mirror.zxid;
    this.#windows[side] = undefined;
  }

  /** Opens gates, leaves the claiming state, sends: all that has become possible. */
  #advance(): void {
    const ctx = this.#ctx;
    const polled = sidesOf.filter((side) => !ctx.sides[side].traits.hasHistory);
    if (!this.#isRunning) for (const side of polled) foldInFindings(ctx, side);
    const isClaimed = this.#state === 'claiming' && sidesOf.every((side) => isThroughBarrier(ctx, side));
    if (isClaimed && !this.#isRunning) this.#begin();
    if (this.#isRunning) {
      for (const side of polled) takeFindings(ctx, side);
      for (const side of sidesOf) passBarrier(ctx, ctx.lanes[side]);
      this.#sweep();
      for (const [path, winner] of [...ctx.choices]) resolveHeld(ctx, path, winner);
      this.#settleState();
      if (!this.#isPaused) this.#send();
    }
    sendReads(ctx);
  }

  #begin(): void {
    const ctx = this.#ctx;
    for (const side of sidesOf) passBarrier(ctx, ctx.lanes[side]);
    this.#isRunning = true;
    if (!ctx.isCopied) {
      replayWindows(ctx, { source: undefined, target: this.#windows.target });
      ctx.lanes.source.through = ctx.sides.source.position;
      ctx.isCopyBlind = this.#windows.target === undefined;
      beginCopy(ctx, targetEvidence(ctx, this.#windows));
    } else {
      if (this.#windows.source === undefined || this.#windows.target === undefined) {
        beginComparison(ctx, compareSides(ctx, ctx.scope.roots, evidenceAtStart(ctx, this.#windows)));
      }
      replayWindows(ctx, this.#windows);
    }
    const isTold = {
      source: this.#windows.source !== undefined,
      target: this.#windows.target !== undefined,
    };
    resumeUndone(ctx, this.#undone, isTold);
    reviewEphemerals(ctx, this.#windows);
    this.#windows.source = undefined;
    this.#windows.target = undefined;
    startSurvey(ctx);
  }

  /** One slice of the comparison at hand; the rest after others had their turn. */
  #sweep(): void {
    const { isCopied, gaps, sweeps, lanes, out } = this.#ctx;
    const sweep = sweeps[0];
    if (sweep === undefined) return;
    // A first copy is carried over while it goes on; everything else is small enough to wait for its end.
    if (!isCopied && gaps === 0 && lanes.source.queue.length > mostCopiesWaiting) return;
    if (sweep.next().done === true) sweeps.shift();
    if (sweeps.length > 0) out.push({ kind: 'proceed' });
    else startSurvey(this.#ctx);
  }

  /** Whether all that the first copy had to settle is on the target; changes since may still be on their way. */
  #isCarriedOver(): boolean {
    const { lanes, nextId } = this.#ctx;
    this.#copiedSeq ??= nextId;
    // What goes before all that waits may be younger than it.
    const [oldestSettling] = lanes.source.unsettled;
    const oldest = Math.min(oldestSeq(lanes.source) ?? nextId, oldestSettling?.seq ?? nextId);
    return oldest >= this.#copiedSeq;
  }

  /** A first copy goes over while it is made; a comparison of its own is heard to its end before anything is sent. */
  #send(): void {
    const { isCopied, gaps, lanes, sweeps } = this.#ctx;
    if (gaps > 0 || (isCopied && sweeps.length > 0)) return;
    for (const side of sidesOf) pump(this.#ctx, lanes[side]);
    if (endComparison(this.#ctx)) {
      for (const side of sidesOf) pump(this.#ctx, lanes[side]);
      this.#settleState();
    }
    raiseForChildren(this.#ctx);
    if (!isCopied || this.#isFinishing) return;
    continueSurvey(this.#ctx);
    raiseCounters(this.#ctx);
  }

  #settleState(): void {
    const ctx = this.#ctx;
    const { sweeps, lanes, out } = ctx;
    const isIdle = sweeps.length === 0 && sidesOf.every((side) => lanes[side].backlog === 0);
    if (this.#isFinishing && isIdle) {
      this.#isFinishing = false;
      out.push({ kind: 'finished' });
    }
    if (!ctx.isCopied && sweeps.length === 0) ctx.isCopied = this.#isCarriedOver();
    if (sweeps.length > 0 || ctx.isComparing || !ctx.isCopied) this.#become('copying');
    else this.#become(this.#isPaused ? 'paused' : 'syncing');
  }
}

/**
 * A stream that was stopped for its backlog brings the echoes that the other direction waits for, and what waits may wait for
 * that direction: a little of it is let through now and then.
 */
function letThrough(ctx: Context): void {
  for (const side of sidesOf) {
    const isAwaited = ctx.lanes[otherSide(side)].batches.length > 0 || ctx.copies[side].size > 0;
    if (isAwaited) relieve(ctx, ctx.lanes[side], true);
  }
}

function isThroughBarrier(ctx: Context, side: Side): boolean {
  const lane = ctx.lanes[side];
  return lane.gate === 'barrier' && ctx.sides[lane.to].position >= lane.barrierZxid;
}

function createSide(options: CoreOptions, side: Side): SideContext {
  const { mirror, traits, ownSessions } = options.sides[side];
  const here: SideContext = {
    side,
    mirror,
    traits,
    position: mirror.zxid,
    lastNoteworthy: mirror.zxid,
    ownSessions: new Set(ownSessions),
    mirrorSessions: new Set(),
    mirrorOf: new Map(),
    findings: [],
    listenUntil: 0n,
    isMisheard: false,
    shown: [],
  };
  for (const session of options.mirrorSessions ?? []) {
    if (session.side === side) addMirrorSession(here, session);
  }
  return here;
}

function createContext(options: CoreOptions): Context {
  const refused = { source: new Map<string, Refused>(), target: new Map<string, Refused>() };
  for (const blocked of options.blocked ?? []) {
    refused[blocked.side].set(blocked.path, { blocked, isRecorded: true });
  }
  return {
    term: options.term,
    strategy: options.strategy,
    limits: { ...defaultLimits, ...options.limits },
    scope: createScope(options),
    znodes: ownZnodes(options.migrationId),
    sides: { source: createSide(options, 'source'), target: createSide(options, 'target') },
    lanes: { source: createLane('source'), target: createLane('target') },
    dirty: new DirtyTable(),
    contests: new Map(),
    held: new Map(options.held?.map((conflict) => [conflict.path, conflict])),
    undone: new Map(),
    heldDeep: new Map(options.held?.map((conflict) => [conflict.path, { source: 0n, target: 0n }])),
    choices: new Map(),
    refused,
    copies: { source: new Map(), target: new Map() },
    reads: new Reads(),
    sequences: createSequences(options.sequenceGap ?? defaultSequenceGap),
    sweeps: [],
    gaps: 0,
    isCopied: options.initialCopy !== true,
    isCopyBlind: false,
    copying: undefined,
    isComparing: false,
    afterComparison: [],
    out: [],
    nextId: 1,
    arrivedMs: 0,
  };
}
