import type { Txn } from '@orchestrator/zookeeper';
import { ownZnodes } from '../znodes.ts';
import { onApplied, onApplyFailed, onApplyUnknown, onCursorRead, passBarrier } from './answers.ts';
import { onConflictRecorded } from './contests.ts';
import type { Context, Held, Refused, SideContext } from './context.ts';
import { sendReads } from './data-of.ts';
import { DirtyTable } from './dirty.ts';
import { onEphemeralsApplied } from './ephemerals.ts';
import { observe } from './intake.ts';
import { createLane, oldestArrivedMs } from './lane.ts';
import { type CoreOptions, defaultLimits } from './options.ts';
import { Reads } from './reads.ts';
import { onBlockedRecorded } from './refused.ts';
import { createScope } from './scope.ts';
import { followCursors, pump } from './send.ts';
import { replayWindows, reviewEphemerals, type Windows } from './start.ts';
import type { Action, CoreState, Event, Side } from './types.ts';

export interface CoreStatus {
  readonly state: CoreState;
  /** Changes seen and not yet on the other side, by the side they come from. */
  readonly backlog: Readonly<Record<Side, number>>;
  /** Arrival of the oldest of these; `undefined` when there is none. */
  readonly oldestArrivedMs: Readonly<Record<Side, number | undefined>>;
  readonly held: readonly string[];
  readonly blocked: readonly { readonly side: Side; readonly path: string }[];
}

export interface Core {
  /** Takes in one event and returns what is to be done, in order. Never throws for anything that servers or clients do. */
  handle(event: Event): Action[];
  status(): CoreStatus;
}

const sidesOf = ['source', 'target'] as const;

/** The synchronisation of two ensembles as a deterministic function of events; see the architecture page. */
export function createCore(options: CoreOptions): Core {
  const ctx = createContext(options);
  const windows: Windows = {
    source: options.sides.source.window?.slice(),
    target: options.sides.target.window?.slice(),
  };
  let state: CoreState = 'idle';

  function become(next: CoreState): void {
    if (state === next) return;
    state = next;
    ctx.out.push({ kind: 'state', state });
  }

  function depose(term: number): void {
    ctx.out.length = 0;
    become('deposed');
    ctx.out.push({ kind: 'deposed', term });
  }

  function takeTxns(side: Side, txns: readonly Txn[]): void {
    for (const txn of txns) {
      if (state === 'claiming') {
        ctx.sides[side].mirror.apply(txn);
        ctx.sides[side].position = txn.zxid;
        windows[side]?.push(txn);
        continue;
      }
      const higherTerm = observe(ctx, side, txn, ctx.arrivedMs);
      if (higherTerm === undefined) continue;
      depose(higherTerm);
      return;
    }
  }

  function takeEvent(event: Event): void {
    switch (event.kind) {
      case 'start':
        become('claiming');
        for (const side of sidesOf) ctx.out.push({ kind: 'readCursor', side });
        break;
      case 'txns':
        ctx.arrivedMs = event.arrivedMs;
        takeTxns(event.side, event.txns);
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
        if (!onCursorRead(ctx, event.side, event)) depose(event.cursor.term);
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
      case 'pause':
        if (state === 'syncing') become('paused');
        break;
      case 'resume':
        if (state === 'paused') become('syncing');
        break;
      case 'tick':
        ctx.reads.dropStale();
        if (state === 'syncing') followCursors(ctx);
        break;
      default:
        break;
    }
  }

  /** Opens gates, leaves the claiming state, sends: until nothing moves any more. */
  function advance(): void {
    if (state === 'claiming' && sidesOf.every((side) => isThroughBarrier(ctx, side))) {
      for (const side of sidesOf) passBarrier(ctx, ctx.lanes[side]);
      become('syncing');
      replayWindows(ctx, windows);
      reviewEphemerals(ctx);
    }
    if (state === 'syncing') {
      for (const side of sidesOf) passBarrier(ctx, ctx.lanes[side]);
      for (const side of sidesOf) pump(ctx, ctx.lanes[side]);
    }
    sendReads(ctx);
  }

  return {
    handle(event) {
      if (state === 'deposed') return [];
      takeEvent(event);
      if ((state as CoreState) !== 'deposed') advance();
      return ctx.out.splice(0);
    },
    status: () => ({
      state,
      backlog: { source: ctx.lanes.source.backlog, target: ctx.lanes.target.backlog },
      oldestArrivedMs: {
        source: oldestArrivedMs(ctx.lanes.source),
        target: oldestArrivedMs(ctx.lanes.target),
      },
      held: [...ctx.held.keys()],
      blocked: sidesOf.flatMap((side) => [...ctx.refused[side].keys()].map((path) => ({ side, path }))),
    }),
  };
}

function isThroughBarrier(ctx: Context, side: Side): boolean {
  const lane = ctx.lanes[side];
  return lane.gate === 'barrier' && ctx.sides[lane.to].position >= lane.barrierZxid;
}

function addMirrorSession(
  here: SideContext,
  session: { readonly originSession: bigint; readonly mirrorSession: bigint },
): void {
  here.originOf.set(session.mirrorSession, session.originSession);
  here.mirrorOf.set(session.originSession, session.mirrorSession);
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
    originOf: new Map(),
    mirrorOf: new Map(),
  };
  for (const session of options.mirrorSessions ?? []) {
    if (session.side === side) addMirrorSession(here, session);
  }
  return here;
}

function createContext(options: CoreOptions): Context {
  const held = new Map<string, Held>();
  for (const conflict of options.held ?? []) held.set(conflict.path, { conflict, dependents: new Map() });
  const refused = { source: new Map<string, Refused>(), target: new Map<string, Refused>() };
  for (const blocked of options.blocked ?? []) {
    refused[blocked.side].set(blocked.path, { blocked, isRecorded: true, dependents: new Set() });
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
    held,
    refused,
    copies: { source: new Map(), target: new Map() },
    reads: new Reads(),
    out: [],
    nextId: 1,
    arrivedMs: 0,
  };
}
