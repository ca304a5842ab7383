/** Everything of one seed: two ensembles, their clients, engines, the faults between them, and the healing at the end. */
import { type Random, seededRandom } from '@orchestrator/runtime';
import { type ConflictStrategy, encodeCursor, type Side, type SideTraits } from '@orchestrator/sync';
import { SimulatedClock } from '@orchestrator/testing';
import { openAcl, type Txn } from '@orchestrator/zookeeper';
import { Clients } from './clients.ts';
import { Engine } from './engine.ts';
import type { EngineTiming } from './engine-options.ts';
import { crash, type FaultKind, faultKinds, injectFault } from './faults.ts';
import type { NamedNode } from './history.ts';
import { Ensemble } from './model/ensemble.ts';
import { ModelStore } from './model/store.ts';

export interface Scenario {
  readonly seed: number;
  readonly strategy: ConflictStrategy;
  readonly engines: number;
  readonly clientsPerSide: number;
  readonly activeMs: number;
  readonly largestPauseMs: number;
  /** Mean time between faults; 0: none. */
  readonly faultEveryMs: number;
  readonly history: Readonly<Record<Side, boolean>>;
  readonly historyLossRate: number;
  /** Share of the decisions of conflicts in the middle of which the engine crashes. */
  readonly decisionCrashRate: number;
  readonly mostMirrorSessions: number;
  readonly closeSessionSaysPaths: boolean;
  readonly sequential: boolean;
  readonly electionGroups: readonly string[];
  readonly sequenceGap: number;
  /** Nodes that the source holds before the engine's first start. */
  readonly preloaded: number;
  /** Sequential nodes that clients of the source have had by then, below each parent of such; few are left. */
  readonly preloadedNames: number;
  readonly initialCopy: boolean;
  readonly operator: boolean;
}

export type Trace = (line: () => string) => void;

const sidesOf = ['source', 'target'] as const;
const folder = '/orchestrator-sync';

export class World {
  readonly scenario: Scenario;
  readonly clock = new SimulatedClock();
  readonly random: Random;
  readonly store = new ModelStore();
  readonly ensembles: Record<Side, Ensemble>;
  readonly clients: Record<Side, Clients>;
  readonly engines: Engine[];
  readonly trace: Trace | undefined;
  /** How many of each have happened. */
  readonly faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  #isHealing = false;

  constructor(scenario: Scenario, trace?: Trace) {
    this.scenario = scenario;
    this.random = seededRandom(scenario.seed);
    this.trace =
      trace === undefined
        ? undefined
        : (line) => trace(() => `${this.clock.monotonicMs().toFixed(0)} ${line()}`);
    const nowMs = () => this.clock.nowMs();
    const ensemble = (name: Side) =>
      new Ensemble({
        name,
        nowMs,
        closeSessionSaysPaths: scenario.closeSessionSaysPaths,
        onTxn: (txn) => this.trace?.(() => `${name}: ${showTxn(txn)}`),
      });
    this.ensembles = { source: ensemble('source'), target: ensemble('target') };
    const named = this.#preload();
    const clients = (side: Side) =>
      new Clients({
        side,
        count: scenario.clientsPerSide,
        clock: this.clock,
        random: seededRandom(this.random.below(1 << 30)),
        ensemble: this.ensembles[side],
        largestPauseMs: scenario.largestPauseMs,
        sequential: scenario.sequential,
        electionGroups: scenario.electionGroups,
      });
    this.clients = { source: clients('source'), target: clients('target') };
    this.clients.source.named.push(...named);
    this.engines = Array.from({ length: scenario.engines }, (_, i) => this.#engine(`engine-${i + 1}`));
  }

  /** The engine's znodes on both sides; and what the source holds already. */
  #preload(): readonly NamedNode[] {
    const { source, target } = this.ensembles;
    const session = { source: source.openSession(1e12), target: 0n };
    for (let i = 0; i < this.scenario.preloaded; i++) {
      const path = i % 2 === 0 ? `/p${i}` : `/p${i - 1}/c`;
      source.submit(session.source, [{ kind: 'create', path, data: Buffer.from(`p${i}`), acl: openAcl }]);
      if (i % 3 === 0)
        source.submit(session.source, [{ kind: 'setData', path, data: Buffer.from(`q${i}`), version: -1 }]);
    }
    const named = this.#preloadNames(session.source);
    const zxid = this.scenario.initialCopy ? 0n : source.zxid;
    if (!this.scenario.initialCopy) target.seed(source.tree);
    session.target = target.openSession(1e12);
    for (const side of sidesOf) {
      const data = encodeCursor({ term: 0, multi: 0, zxid: side === 'target' ? zxid : 0n, seenZxid: 0n });
      const create = (path: string, content: Buffer) =>
        this.ensembles[side].submit(session[side], [{ kind: 'create', path, data: content }]);
      create(folder, Buffer.alloc(0));
      create(`${folder}/m`, Buffer.alloc(0));
      create(`${folder}/m/cursor`, data);
      create(`${folder}/m/fence`, Buffer.from('0'));
      create(`${folder}/m/mark`, Buffer.from('0'));
    }
    return named;
  }

  #preloadNames(session: bigint): readonly NamedNode[] {
    const { preloadedNames } = this.scenario;
    if (preloadedNames === 0) return [];
    const { source } = this.ensembles;
    const named: NamedNode[] = [];
    for (const parent of ['/locks', '/group']) {
      source.submit(session, [{ kind: 'create', path: parent, data: null }]);
      for (let i = 0; i < preloadedNames; i++) {
        const data = Buffer.from(`${parent}${i}`);
        const { paths, zxid } = source.submit(session, [
          { kind: 'create', path: `${parent}/n-`, data, sequential: true },
        ]);
        for (const path of paths) named.push({ path, zxid });
        const isLeft = i % 100 === 0 || i === preloadedNames - 1;
        for (const path of paths)
          if (!isLeft) source.submit(session, [{ kind: 'delete', path, version: -1 }]);
      }
    }
    return named;
  }

  #engine(name: string): Engine {
    const { scenario } = this;
    const traits = (side: Side): SideTraits => ({
      hasHistory: scenario.history[side],
      hasContainers: true,
      hasTtl: true,
    });
    const timing: EngineTiming = {
      largestDelayMs: 2 + this.random.below(15),
      leaseMs: 300,
      sessionTimeoutMs: 400,
      mirrorTimeoutMs: 800,
      mostMirrorSessions: this.scenario.mostMirrorSessions,
      tickMs: 100,
    };
    const engine: Engine = new Engine({
      name,
      clock: this.clock,
      random: seededRandom(this.random.below(1 << 30)),
      store: this.store,
      ensembles: this.ensembles,
      traits: { source: traits('source'), target: traits('target') },
      strategy: scenario.strategy,
      sequenceGap: scenario.sequenceGap,
      electionGroups: scenario.electionGroups,
      timing,
      historyLossRate: scenario.historyLossRate,
      initialCopy: scenario.initialCopy,
      maxPairsPerMulti: scenario.preloadedNames > 0 ? 120 : 500,
      onDecision: () => this.#decide(engine),
      trace: this.trace,
    });
    return engine;
  }

  #decide(engine: Engine): void {
    if (this.#isHealing || this.random.fraction() >= this.scenario.decisionCrashRate) return;
    this.clock.after(this.random.below(60), () => crash(this, engine, this.random.below(200)));
  }

  /** Runs the whole scenario; false when it does not come to rest. */
  play(): boolean {
    for (const engine of this.engines) engine.start();
    for (const side of sidesOf) this.clients[side].start();
    this.#expire();
    if (this.scenario.faultEveryMs > 0) this.#nextFault();
    if (this.scenario.operator) this.#operate();
    this.clock.advance(this.scenario.activeMs);
    for (const side of sidesOf) this.clients[side].stop();
    this.#isHealing = true;
    for (const engine of this.engines) engine.start();
    return this.#comeToRest();
  }

  #expire(): void {
    this.clock.after(50, () => {
      for (const side of sidesOf) this.ensembles[side].expireSilent();
      this.#expire();
    });
  }

  #operate(): void {
    this.clock.after(50 + this.random.below(400), () => {
      const paths = [...this.store.held.keys()].filter((path) => !this.store.choices.has(path));
      const path = paths[this.random.below(paths.length)];
      if (path !== undefined) {
        const winner = this.random.fraction() < 0.5 ? 'source' : 'target';
        this.store.choices.set(path, winner);
        this.trace?.(() => `operator: ${path} -> ${winner}`);
        for (const engine of this.engines) engine.run?.post({ kind: 'resolve', path, winner });
      }
      this.#operate();
    });
  }

  #nextFault(): void {
    const { faultEveryMs } = this.scenario;
    this.clock.after(1 + this.random.below(2 * faultEveryMs), () => {
      if (this.#isHealing) return;
      const kind = injectFault(this);
      if (kind !== undefined) this.faults[kind]++;
      this.#nextFault();
    });
  }

  /** Waits until nothing has happened on either side for long enough that nothing will. */
  #comeToRest(): boolean {
    const quietMs = 1_500;
    let quietSince = this.clock.monotonicMs();
    let last = '';
    const limitMs = this.clock.monotonicMs() + 60_000;
    while (this.clock.monotonicMs() < limitMs) {
      this.clock.advance(50);
      const now = `${this.ensembles.source.zxid} ${this.ensembles.target.zxid} ${this.store.conflicts.size} ${this.store.held.size}`;
      if (now !== last || !this.#isSettled()) quietSince = this.clock.monotonicMs();
      last = now;
      if (this.clock.monotonicMs() - quietSince >= quietMs) return true;
    }
    return false;
  }

  #isSettled(): boolean {
    const run = this.leader;
    if (run === undefined) return false;
    const status = run.core?.status();
    if (status === undefined || status.state !== 'syncing') return false;
    return (
      status.backlog.source + status.backlog.target === 0 &&
      sidesOf.every((side) => run.sides[side].isConnected && run.sides[side].capture.isCaughtUp)
    );
  }

  describeUnrest(): string {
    const run = this.leader;
    const status = run?.core?.status();
    const sides = sidesOf.map(
      (side) =>
        `${side} connected ${run?.sides[side].isConnected} caught up ${run?.sides[side].capture.isCaughtUp}`,
    );
    return `term ${run?.term} ${JSON.stringify(status, (_, value) => (typeof value === 'bigint' ? String(value) : value))} ${sides.join(', ')}`;
  }

  get leader() {
    const runs = this.engines.map((engine) => engine.run).filter((run) => run !== undefined && !run.isOver);
    return runs.find((run) => run?.term === this.store.term);
  }
}

export function showTxn(txn: Txn): string {
  const ops = txn.ops.map((op) => {
    if (op.kind === 'create') {
      const owner =
        op.ephemeralOwner === 0n ? '' : ` owner ${BigInt.asUintN(64, op.ephemeralOwner).toString(16)}`;
      return `create ${op.path} ${op.data?.toString() ?? ''}${owner}`;
    }
    if (op.kind === 'setData') return `set ${op.path} ${op.data?.toString() ?? ''} v${op.version}`;
    if (op.kind === 'setAcl') return `acl ${op.path} ${op.acl[0]?.perms} v${op.aversion}`;
    if (op.kind === 'delete') return `delete ${op.path}`;
    if (op.kind === 'closeSession') return `closeSession ${op.paths?.join(' ') ?? 'null'}`;
    return op.kind;
  });
  return `0x${txn.zxid.toString(16)} s${txn.sessionId.toString(16)} ${ops.join('; ')}`;
}
