/**
 * Capture of one ensemble. With history: an observer, which hands over each transaction in order, resumes where it was or,
 * when the history is too old, starts over with a snapshot. Without: a poller that reads what differs from the core's
 * mirror and tells that as one transaction.
 */
import type { Random } from '@orchestrator/runtime';
import type { Side } from '@orchestrator/sync';
import { type Acl, parentPath, type Txn, type TxnOp } from '@orchestrator/zookeeper';
import type { RunHost } from './engine-options.ts';
import { inScope } from './history.ts';
import type { Ensemble } from './model/ensemble.ts';
import { type ModelNode, ModelTree } from './model/tree.ts';

/** How often a poller's session does not live through a lost connection: then its mirror is loaded anew. */
const sessionLossRate = 0.3;

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
  /** What the core knows. */
  #mirror = new ModelTree();
  /** A poller has told of everything up to here. */
  #told = 0n;
  #isInRound = false;
  /** Of a poller, to move the ensemble on. */
  #session: bigint | undefined;
  slowUntilMs = 0;

  constructor(run: RunHost, side: Side, random: Random) {
    this.#run = run;
    this.#side = side;
    this.#random = random;
    this.#ensemble = run.options.ensembles[side];
    this.#hasHistory = run.options.traits[side].hasHistory;
  }

  get isCaughtUp(): boolean {
    return (
      this.#isUp &&
      (this.#hasHistory ? this.#next === this.#ensemble.log.length : this.#told === this.#ensemble.zxid)
    );
  }

  start(resumePoint: bigint): { mirror: ModelTree; window: readonly Txn[] | undefined } {
    const mirror = this.#load();
    this.#isStarted = true;
    this.#next = this.#ensemble.log.length;
    this.#pump();
    const isLost = !this.#hasHistory || this.#random.fraction() < this.#run.options.historyLossRate;
    if (isLost) return { mirror, window: undefined };
    return { mirror, window: this.#ensemble.log.filter((txn) => txn.zxid > resumePoint) };
  }

  /** The core gets the mirror, and it alone writes to it from then on. */
  #load(): ModelTree {
    this.#mirror = this.#ensemble.tree.clone();
    this.#told = this.#ensemble.zxid;
    return this.#mirror;
  }

  interrupt(): void {
    this.#isUp = false;
  }

  resume(): void {
    const wasUp = this.#isUp;
    this.#isUp = true;
    if (wasUp || !this.#isStarted) return;
    const { historyLossRate } = this.#run.options;
    const isKept = this.#random.fraction() >= (this.#hasHistory ? historyLossRate : sessionLossRate);
    if (isKept || (this.#hasHistory && this.#next === this.#ensemble.log.length)) return;
    this.#next = this.#ensemble.log.length;
    this.#run.post({ kind: 'snapshot', side: this.#side, mirror: this.#load() });
  }

  #pump(): void {
    const { clock, timing } = this.#run.options;
    const slowness = clock.monotonicMs() < this.slowUntilMs ? 20 : 1;
    this.#run.later(1 + this.#random.below(timing.largestDelayMs) * slowness, () => {
      if (this.#isUp && !this.#run.isFrozen) {
        if (this.#hasHistory) this.#handOver();
        else if (this.#random.fraction() < 0.5) this.#round();
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

  /** A poller's round, as `PollingCapture` makes them: first the server's position, then the reads, then what they change. */
  #round(): void {
    if (this.#isInRound) return;
    this.#isInRound = true;
    const position = this.#ensemble.zxid;
    this.#run.later(1 + this.#random.below(this.#run.options.timing.largestDelayMs), () => {
      this.#isInRound = false;
      if (this.#isUp && !this.#run.isFrozen) this.#tell(position);
    });
  }

  #tell(position: bigint): void {
    const ops = changesOf(this.#mirror, this.#ensemble.tree);
    const { clock } = this.#run.options;
    const knew = this.#mirror.zxid;
    if (ops.length > 0 && position <= this.#mirror.zxid) {
      // It has to be told at a position after our last write: a write that fails moves an idle ensemble on.
      if (position === this.#ensemble.zxid) this.#moveOn();
      return;
    }
    if (ops.length > 0) {
      const txn: Txn = { zxid: position, sessionId: 0n, cxid: 0, timeMs: clock.nowMs(), ops };
      this.#run.post({ kind: 'txns', side: this.#side, txns: [txn], arrivedMs: clock.monotonicMs() });
    }
    this.#told = position;
    this.#run.post({ kind: 'progress', side: this.#side, zxid: position, knew });
  }

  #moveOn(): void {
    this.#session ??= this.#ensemble.openSession(1e12);
    this.#ensemble.submit(this.#session, [{ kind: 'delete', path: '/', version: 0x7fff_ffff }]);
  }

  /** Asked to look at once. */
  refresh(): void {
    if (!this.#hasHistory && this.#isUp) this.#round();
  }
}

/** What turns the mirror into what a poller finds: by owner, version and data, since mirrors hold no zxids of our own writes. */
function changesOf(mirror: ModelTree, tree: ModelTree): TxnOp[] {
  const deleted: TxnOp[] = [];
  const made: TxnOp[] = [];
  const remade = new Set<string>();
  for (const { path } of mirror.walk()) {
    const found = tree.get(path);
    if (!inScope(path)) continue;
    if (found === undefined || remade.has(parentPath(path)) || isAnother(mirror, found)) {
      remade.add(path);
      deleted.push({ kind: 'delete', path });
    }
  }
  for (const node of tree.walk()) {
    const { path, data, acl, stat } = node;
    if (!inScope(path)) continue;
    const known = remade.has(path) ? undefined : mirror.get(path)?.stat;
    const { ephemeralOwner } = stat;
    if (known === undefined)
      made.push({ kind: 'create', path, data, acl, ephemeralOwner, parentCversion: countOf(tree, path) });
    if (stat.version !== (known?.version ?? 0))
      made.push({ kind: 'setData', path, data, version: stat.version });
    const isOtherAcl = known !== undefined && !sameAcl(node.acl, mirror.get(path)?.acl);
    if (stat.aversion !== (known?.aversion ?? 0) || isOtherAcl)
      made.push({ kind: 'setAcl', path, acl, aversion: stat.aversion });
  }
  return [...deleted.reverse(), ...made];
}

/** As the server counts: the parent's stat says it. */
const countOf = (tree: ModelTree, path: string) => tree.get(parentPath(path))?.stat.cversion ?? -1;

/** Deleted and made again since. */
function isAnother(mirror: ModelTree, found: ModelNode): boolean {
  const known = mirror.get(found.path);
  if (known === undefined) return false;
  const { ephemeralOwner, version, aversion } = known.stat;
  if (ephemeralOwner !== found.stat.ephemeralOwner) return true;
  if (found.stat.version < version || found.stat.aversion < aversion) return true;
  return found.stat.version === version && found.dataHash !== known.dataHash;
}

const sameAcl = (a: readonly Acl[], b: readonly Acl[] = []) => JSON.stringify(a) === JSON.stringify(b);
