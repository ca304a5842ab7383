/**
 * Capture of one ensemble. With history: an observer, which hands over each transaction in order, resumes where it was or,
 * when the history is too old, starts over with a snapshot. Without: a watcher that compares now and then and tells what
 * it found.
 */
import type { Random } from '@orchestrator/runtime';
import type { Side } from '@orchestrator/sync';
import type { Txn, TxnOp } from '@orchestrator/zookeeper';
import type { RunHost } from './engine-options.ts';
import type { Ensemble } from './model/ensemble.ts';
import { ModelTree } from './model/tree.ts';

export class Capture {
  readonly #run: RunHost;
  readonly #side: Side;
  readonly #random: Random;
  readonly #ensemble: Ensemble;
  readonly #hasHistory: boolean;
  #isStarted = false;
  #isUp = true;
  /** Transactions of the ensemble's log handed over so far. */
  #next = 0;
  /** What a watcher has told. */
  #told = new ModelTree();
  slowUntilMs = 0;

  constructor(run: RunHost, side: Side, random: Random) {
    this.#run = run;
    this.#side = side;
    this.#random = random;
    this.#ensemble = run.options.ensembles[side];
    this.#hasHistory = run.options.traits[side].hasHistory;
  }

  get isCaughtUp(): boolean {
    return this.#isUp && (this.#hasHistory ? this.#next === this.#ensemble.log.length : !this.#isBehind());
  }

  start(resumePoint: bigint): { mirror: ModelTree; window: readonly Txn[] | undefined } {
    const mirror = this.#ensemble.tree.clone();
    this.#isStarted = true;
    this.#next = this.#ensemble.log.length;
    this.#told = mirror.clone();
    this.#pump();
    const isLost = !this.#hasHistory || this.#random.fraction() < this.#run.options.historyLossRate;
    if (isLost) return { mirror, window: undefined };
    return { mirror, window: this.#ensemble.log.filter((txn) => txn.zxid > resumePoint) };
  }

  interrupt(): void {
    this.#isUp = false;
  }

  resume(): void {
    const wasUp = this.#isUp;
    this.#isUp = true;
    if (wasUp || !this.#isStarted) return;
    if (!this.#hasHistory || this.#random.fraction() >= this.#run.options.historyLossRate) return;
    if (this.#next === this.#ensemble.log.length) return;
    this.#next = this.#ensemble.log.length;
    this.#run.post({ kind: 'snapshot', side: this.#side, mirror: this.#ensemble.tree.clone() });
  }

  #pump(): void {
    const { clock, timing } = this.#run.options;
    const slowness = clock.monotonicMs() < this.slowUntilMs ? 20 : 1;
    this.#run.later(1 + this.#random.below(timing.largestDelayMs) * slowness, () => {
      if (this.#isUp && !this.#run.isFrozen) {
        if (this.#hasHistory) this.#handOver();
        else if (this.#random.fraction() < 0.5) this.refresh();
      }
      this.#pump();
    });
  }

  #handOver(): void {
    const { log } = this.#ensemble;
    const count = Math.min(log.length - this.#next, 1 + this.#random.below(10));
    if (count === 0) return;
    const txns = log.slice(this.#next, this.#next + count);
    this.#next += count;
    this.#run.post({
      kind: 'txns',
      side: this.#side,
      txns,
      arrivedMs: this.#run.options.clock.monotonicMs(),
    });
  }

  #isBehind(): boolean {
    return this.#told.zxid !== this.#ensemble.zxid;
  }

  /** A watcher's look: tells of each path that is not as it was told before. */
  refresh(): void {
    if (this.#hasHistory) return;
    if (!this.#isUp) {
      this.#run.later(10, () => this.refresh());
      return;
    }
    const { tree, zxid } = this.#ensemble;
    if (zxid === this.#told.zxid) {
      this.#run.post({ kind: 'progress', side: this.#side, zxid });
      return;
    }
    const txns = compare(this.#told, tree).map(
      ({ op, timeMs }): Txn => ({ zxid, sessionId: 0n, cxid: 0, timeMs, ops: [op] }),
    );
    this.#told = tree.clone();
    this.#told.zxid = zxid;
    const arrivedMs = this.#run.options.clock.monotonicMs();
    if (txns.length > 0) this.#run.post({ kind: 'txns', side: this.#side, txns, arrivedMs });
    this.#run.post({ kind: 'progress', side: this.#side, zxid });
  }
}

interface Finding {
  readonly op: TxnOp;
  readonly timeMs: number;
}

function compare(before: ModelTree, now: ModelTree): Finding[] {
  const found: Finding[] = [];
  const gone = [...before.walk()].filter((node) => now.get(node.path)?.stat.czxid !== node.stat.czxid);
  for (const { path } of gone.reverse()) found.push({ op: { kind: 'delete', path }, timeMs: 0 });
  for (const node of now.walk()) {
    const { path, data, acl, stat } = node;
    const old = before.get(path);
    const timeMs = stat.mtime;
    if (old === undefined || old.stat.czxid !== stat.czxid) {
      const { ephemeralOwner } = stat;
      found.push({ op: { kind: 'create', path, data, acl, ephemeralOwner, parentCversion: -1 }, timeMs });
      if (stat.version > 0)
        found.push({ op: { kind: 'setData', path, data, version: stat.version }, timeMs });
      if (stat.aversion > 0)
        found.push({ op: { kind: 'setAcl', path, acl, aversion: stat.aversion }, timeMs });
      continue;
    }
    if (old.stat.version !== stat.version) {
      found.push({ op: { kind: 'setData', path, data, version: stat.version }, timeMs });
    }
    if (old.stat.aversion !== stat.aversion) {
      found.push({ op: { kind: 'setAcl', path, acl, aversion: stat.aversion }, timeMs });
    }
  }
  return found;
}
