/**
 * A model of the shell: leads while it believes to hold the lease, captures both ensembles, carries out what the real core
 * decides, as the real shell does - pipelined multis, lost answers, sessions attached to again. It can crash, freeze and be
 * cut off at any moment.
 */
import { type Random, seededRandom } from '@orchestrator/runtime';
import {
  type Action,
  type Core,
  createCore,
  decodeCursor,
  type Event,
  otherSide,
  type Side,
} from '@orchestrator/sync';
import type { EngineOptions, RunHost } from './engine-options.ts';
import { EngineSide } from './engine-side.ts';

const sidesOf = ['source', 'target'] as const;

/** Of failures that come from clients in the way, and go with them. */
const passingCodes = new Set(['BadVersion', 'NoNode', 'NodeExists', 'NotEmpty', 'NoChildrenForEphemerals']);

export class Engine {
  readonly options: EngineOptions;
  #run: Run | undefined;
  #isUp = false;
  #generation = 0;

  constructor(options: EngineOptions) {
    this.options = options;
  }

  get run(): Run | undefined {
    return this.#run;
  }

  start(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#generation++;
    this.#seekLease(this.#generation);
  }

  /** Everything in memory is gone; what is on its way goes on. */
  crash(): void {
    this.#isUp = false;
    this.#generation++;
    this.#run?.stop();
    this.#run = undefined;
  }

  #seekLease(generation: number): void {
    const { clock, random, store, name, timing } = this.options;
    if (generation !== this.#generation) return;
    clock.after(timing.leaseMs / 4 + random.below(20), () => this.#seekLease(generation));
    const run = this.#run;
    if (run !== undefined && !run.isOver) {
      // A frozen process neither renews nor notices that it should have.
      if (run.isFrozen) return;
      if (!store.renew(name, clock.monotonicMs(), timing.leaseMs) && !run.isStubborn) run.stop();
      if (!run.isOver) return;
    }
    const term = store.acquire(name, clock.monotonicMs(), timing.leaseMs);
    if (term === undefined) return;
    this.#run = new Run(this.options, term);
  }
}

/** One stretch of leading under one term. */
export class Run implements RunHost {
  readonly options: EngineOptions;
  readonly term: number;
  readonly sides: Record<Side, EngineSide>;
  readonly #random: Random;
  core: Core | undefined;
  isOver = false;
  isFrozen = false;
  /** Goes on although its lease is lost, until the cursors stop it. */
  readonly isStubborn: boolean;
  readonly #backlog: Event[] = [];

  constructor(options: EngineOptions, term: number) {
    this.options = options;
    this.term = term;
    this.#random = seededRandom(options.random.below(1 << 30));
    this.isStubborn = this.#random.fraction() < 0.5;
    const side = (of: Side) => new EngineSide(this, of, this.#random);
    this.sides = { source: side('source'), target: side('target') };
    this.trace(() => `leads with term ${term}`);
    this.#whenConnected(() => this.#begin());
  }

  trace(line: () => string): void {
    const { trace, name } = this.options;
    trace?.(() => `${name}: ${line()}`);
  }

  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.trace(() => 'stops');
    for (const side of sidesOf) this.sides[side].close();
  }

  mayStore(): boolean {
    const isLeader = this.term === this.options.store.term;
    if (!isLeader) this.stop();
    return isLeader;
  }

  freeze(forMs: number): void {
    if (this.isFrozen) return;
    this.trace(() => `frozen for ${forMs} ms`);
    this.isFrozen = true;
    this.options.clock.after(forMs, () => {
      this.isFrozen = false;
      for (const event of this.#backlog.splice(0)) this.post(event);
    });
  }

  /** Runs `callback` later, unless this run is over by then. */
  later(delayMs: number, callback: () => void): void {
    this.options.clock.after(delayMs, () => {
      if (!this.isOver) callback();
    });
  }

  post(event: Event): void {
    if (this.isOver || this.core === undefined) return;
    if (this.isFrozen) {
      this.#backlog.push(event);
      return;
    }
    this.trace(() => `<- ${describe(event)}`);
    for (const action of this.core.handle(event)) this.#carryOut(action);
  }

  #whenConnected(callback: () => void): void {
    if (sidesOf.every((side) => this.sides[side].isConnected)) callback();
    else this.later(10, () => this.#whenConnected(callback));
  }

  #begin(): void {
    const { store, strategy, traits, sequenceGap, electionGroups, initialCopy, maxPairsPerMulti } =
      this.options;
    const start = (side: Side) => {
      const { mirror, window } = this.sides[side].startCapture(this.#resumePoint(side));
      return { mirror, window, traits: traits[side], ownSessions: store.ownSessions[side] };
    };
    this.core = createCore({
      migrationId: 'm',
      term: this.term,
      strategy,
      sequenceGap,
      electionGroups,
      sides: { source: start('source'), target: start('target') },
      mirrorSessions: store.mirrorSessions,
      held: [...store.held.values()],
      undone: [...store.undone.values()],
      blocked: [...store.blocked.values()],
      initialCopy: initialCopy && this.#isFirstCopy(),
      limits: {
        maxOpsPerMulti: 5,
        maxInFlightMultis: 4,
        maxVersionRaise: 8,
        compareSlice: 3,
        maxPairsPerMulti,
      },
    });
    this.post({ kind: 'start' });
    for (const [path, winner] of store.choices) this.post({ kind: 'resolve', path, winner });
    this.#tick();
  }

  #cursorOf(side: Side) {
    const { tree } = this.options.ensembles[side];
    const path = '/orchestrator-sync/m/cursor';
    return decodeCursor(tree.get(path)?.data ?? null, path);
  }

  #resumePoint(side: Side): bigint {
    const { zxid } = this.#cursorOf(otherSide(side));
    const { seenZxid } = this.#cursorOf(side);
    if (zxid > seenZxid) return zxid;
    return seenZxid;
  }

  /** The first copy goes on until a run has got through it: then the cursor moves. */
  #isFirstCopy(): boolean {
    return this.#cursorOf('target').zxid === 0n;
  }

  #tick(): void {
    this.later(this.options.timing.tickMs, () => {
      this.post({ kind: 'tick' });
      this.#retryContended();
      this.#tick();
    });
  }

  /** As the engine does: paths given up because clients kept changing them may be quiet by now. */
  #retryContended(): void {
    if (this.#random.below(5) > 0) return;
    const blocked = this.core?.status().blocked.filter(({ code }) => passingCodes.has(code)) ?? [];
    if (blocked.length > 0) this.post({ kind: 'reconcile', paths: blocked.map(({ path }) => path) });
  }

  #carryOut(action: Action): void {
    if (this.isOver) return;
    this.trace(() => `-> ${describe(action)}`);
    const { store } = this.options;
    switch (action.kind) {
      case 'apply':
        this.sides[action.side].apply(action);
        break;
      case 'applyAcl':
        this.sides[action.side].applyAcl(action);
        break;
      case 'applyEphemerals':
        this.sides[action.side].applyEphemerals(action);
        break;
      case 'readCursor':
        this.sides[action.side].readCursor();
        break;
      case 'read':
        this.sides[action.side].read(action.request, action.paths);
        break;
      case 'refresh':
        this.sides[action.side].refresh();
        break;
      case 'closeMirrorSession':
        this.sides[action.side].closeMirrorSession(action.originSession);
        break;
      case 'recordConflict':
        this.#stored(() => {
          store.recordConflict(action.conflict);
          return { kind: 'conflictRecorded', id: action.conflict.id };
        });
        break;
      case 'carriedOut':
        this.later(this.#random.below(10), () => {
          if (this.mayStore()) for (const id of action.ids) store.undone.delete(id);
        });
        break;
      case 'recordBlocked': {
        const { blocked } = action;
        this.#stored(() => {
          store.blocked.set(`${blocked.side} ${blocked.path}`, blocked);
          return { kind: 'blockedRecorded', side: blocked.side, path: blocked.path };
        });
        break;
      }
      case 'unblocked':
        store.blocked.delete(`${action.side} ${action.path}`);
        break;
      case 'released':
        if (this.term === store.term) store.release(action.path);
        break;
      case 'ledger':
        store.ledger.push({ path: action.path, what: action.what });
        break;
      case 'proceed':
        this.later(0, () => this.post({ kind: 'proceed' }));
        break;
      case 'deposed':
        this.stop();
        break;
      case 'state':
      case 'synced':
      case 'pressure':
      case 'finished':
        break;
    }
  }

  #stored(write: () => Event): void {
    const delayMs = 1 + this.#random.below(this.options.timing.largestDelayMs);
    this.later(delayMs, () => {
      if (!this.mayStore()) return;
      const event = write();
      if (event.kind === 'conflictRecorded') this.options.onDecision();
      this.later(1 + this.#random.below(this.options.timing.largestDelayMs), () => this.post(event));
    });
  }
}

function describe(what: Action | Event): string {
  return JSON.stringify(what, (key, value) => {
    if (key === 'mirror') return '…';
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (value instanceof Map) return Object.fromEntries(value);
    if (value !== null && typeof value === 'object' && value.type === 'Buffer') {
      return Buffer.from(value.data).toString();
    }
    if (key === 'acl') return Array.isArray(value) ? value.map((entry) => entry.perms).join() : value;
    return value;
  });
}
