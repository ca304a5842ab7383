/** What a run holds towards one ensemble: its session, its capture, its mirror sessions. */
import type { Random } from '@orchestrator/runtime';
import type { NodeValue } from '@orchestrator/sync';
import { type Action, decodeCursor, encodeCursor, type MirrorSession, type Side } from '@orchestrator/sync';
import { Capture } from './capture.ts';
import type { RunHost } from './engine-options.ts';
import { Connection } from './model/connection.ts';
import type { Ensemble, Outcome, Request } from './model/ensemble.ts';

const folder = '/orchestrator-sync/m';
const cursorPath = `${folder}/cursor`;
const fencePath = `${folder}/fence`;
const markPath = `${folder}/mark`;

type Of<K extends Action['kind']> = Extract<Action, { kind: K }>;

export class EngineSide {
  readonly side: Side;
  readonly #run: RunHost;
  readonly #random: Random;
  readonly #ensemble: Ensemble;
  readonly capture: Capture;
  #session: bigint | undefined;
  #connection: Connection | undefined;
  readonly #announced = new Set<bigint>();
  readonly #mirrorConnections = new Map<bigint, Connection>();
  /** Cut off from this ensemble. */
  #isCut = false;
  readonly #whenConnected: (() => void)[] = [];

  constructor(run: RunHost, side: Side, random: Random) {
    this.#run = run;
    this.side = side;
    this.#random = random;
    this.#ensemble = run.options.ensembles[side];
    this.capture = new Capture(run, side, random);
    this.#connect();
    this.#keepAlive();
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen === true;
  }

  startCapture(resumePoint: bigint) {
    return this.capture.start(resumePoint);
  }

  close(): void {
    this.#connection?.break();
    for (const connection of this.#mirrorConnections.values()) connection.break();
  }

  /** Breaks all connections; with `forMs` they cannot be made again before. */
  cut(forMs: number): void {
    this.#run.trace(() => `cut off from the ${this.side} for ${forMs} ms`);
    this.#isCut = true;
    this.#run.later(forMs, () => {
      this.#isCut = false;
    });
    this.#breakAll();
  }

  #breakAll(): void {
    this.capture.interrupt();
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.break();
    for (const [origin, mirror] of [...this.#mirrorConnections]) {
      this.#mirrorConnections.delete(origin);
      mirror.break();
    }
    this.#connect();
  }

  #newConnection(): Connection {
    const { clock, timing } = this.#run.options;
    const { largestDelayMs } = timing;
    return new Connection({ clock, random: this.#random, largestDelayMs, largestLatenessMs: 300 });
  }

  #connect(): void {
    this.#run.later(5 + this.#random.below(30), () => {
      if (this.#connection !== undefined) return;
      if (this.#isCut) {
        this.#connect();
        return;
      }
      if (this.#session === undefined || !this.#ensemble.isLive(this.#session)) this.#openSession();
      this.#connection = this.#newConnection();
      this.capture.resume();
      for (const callback of this.#whenConnected.splice(0)) callback();
    });
  }

  #openSession(): void {
    const { store, timing } = this.#run.options;
    if (!this.#run.mayStore()) return;
    const session = this.#ensemble.openSession(timing.sessionTimeoutMs);
    this.#session = session;
    store.ownSessions[this.side].push(session);
    this.#run.post({ kind: 'sessionOpened', side: this.side, sessionId: session });
  }

  #keepAlive(): void {
    this.#run.later(40, () => {
      if (this.isConnected && !this.#run.isFrozen) {
        if (this.#session !== undefined) this.#ensemble.touch(this.#session);
        for (const session of this.#mirrorSessions()) this.#ensemble.touch(session.mirrorSession);
      }
      this.#keepAlive();
    });
  }

  #mirrorSessions(): readonly MirrorSession[] {
    return this.#run.options.store.mirrorSessions.filter((session) => session.side === this.side);
  }

  apply(action: Of<'apply'>): void {
    const { side, batch, cursor, cursorVersion } = action;
    const requests: Request[] = [
      { kind: 'setData', path: cursorPath, data: encodeCursor(cursor), version: cursorVersion },
      ...action.ops.map((op): Request => (op.kind === 'create' ? { ...op, mode: modeOf(op.mode) } : op)),
    ];
    this.#submit(
      requests,
      ({ zxid, error }) => {
        if (error === undefined) this.#run.post({ kind: 'applied', side, batch, zxid });
        else if (error.code === 'SessionExpired') this.#run.post({ kind: 'applyUnknown', side, batch });
        else this.#run.post({ kind: 'applyFailed', side, batch, ...error, zxid });
      },
      () => this.#run.post({ kind: 'applyUnknown', side, batch }),
    );
  }

  applyAcl(action: Of<'applyAcl'>): void {
    const { side, batch, fenceVersion, path, acl, aversion } = action;
    const unknown = () => this.#run.post({ kind: 'applyUnknown', side, batch });
    const mark: Request[] = [
      { kind: 'check', path: fencePath, version: fenceVersion },
      { kind: 'setData', path: markPath, data: this.#markData(), version: -1 },
    ];
    const fail = (index: number, { zxid, error }: Outcome) => {
      if (error?.code === 'SessionExpired') unknown();
      else this.#run.post({ kind: 'applyFailed', side, batch, index, code: error?.code ?? '', zxid });
    };
    this.#submit(
      mark,
      (marked) => {
        if (marked.error !== undefined) fail(0, marked);
        else
          this.#submit(
            [{ kind: 'setAcl', path, acl, aversion }],
            (set) => {
              if (set.error !== undefined) fail(1, set);
              else this.#run.post({ kind: 'applied', side, batch, zxid: set.zxid });
            },
            unknown,
          );
      },
      unknown,
    );
  }

  #markData(): Buffer {
    return Buffer.from(String(this.#run.term));
  }

  #submit(requests: readonly Request[], onReply: (outcome: Outcome) => void, onLost: () => void): void {
    const session = this.#session;
    if (this.#connection === undefined || session === undefined) {
      this.#run.later(1, onLost);
      return;
    }
    this.#connection.send(
      () => this.#ensemble.submit(session, requests, true),
      (outcome) => {
        if (outcome.error?.code === 'SessionExpired') this.#breakAll();
        onReply(outcome);
      },
      () => this.#run.later(1, onLost),
    );
  }

  readCursor(): void {
    if (this.#connection === undefined) {
      this.#whenConnected.push(() => this.readCursor());
      return;
    }
    const { side } = this;
    this.#connection.send(
      () => {
        const cursor = this.#ensemble.tree.get(cursorPath);
        const fence = this.#ensemble.tree.get(fencePath);
        return {
          cursor: decodeCursor(cursor?.data ?? null, cursorPath),
          version: cursor?.stat.version ?? 0,
          fenceVersion: fence?.stat.version ?? 0,
          zxid: cursor?.stat.mzxid ?? 0n,
        };
      },
      (read) => this.#run.post({ kind: 'cursorRead', side, ...read }),
      () => this.#run.later(5, () => this.readCursor()),
    );
  }

  read(request: number, paths: readonly string[]): void {
    if (this.#connection === undefined) {
      this.#whenConnected.push(() => this.read(request, paths));
      return;
    }
    this.#connection.send(
      () => {
        const values = new Map<string, NodeValue | null>();
        for (const path of paths) {
          const node = this.#ensemble.tree.get(path);
          if (node === undefined) values.set(path, null);
          else {
            const { data, acl } = node;
            const { version, aversion, mzxid, mtime } = node.stat;
            values.set(path, { data, acl, version, aversion, mzxid, timeMs: mtime });
          }
        }
        return values;
      },
      (values) => this.#run.post({ kind: 'values', request, values }),
      () => this.#run.later(5, () => this.read(request, paths)),
    );
  }

  refresh(): void {
    this.capture.refresh();
  }

  applyEphemerals(action: Of<'applyEphemerals'>): void {
    const { side, batch, fenceVersion } = action;
    const failed: { path: string; code: string }[] = [];
    let waiting = action.creates.length;
    let highest = 0n;
    const done = (path: string, zxid: bigint, code?: string) => {
      if (code !== undefined) failed.push({ path, code });
      if (zxid > highest) highest = zxid;
      if (--waiting === 0) this.#run.post({ kind: 'ephemeralsApplied', side, batch, zxid: highest, failed });
    };
    for (const create of action.creates) this.#createCopy(create, fenceVersion, done);
  }

  #createCopy(
    create: Of<'applyEphemerals'>['creates'][number],
    fenceVersion: number,
    done: (path: string, zxid: bigint, code?: string) => void,
  ): void {
    const { path, data, acl, originSession } = create;
    const again = () => this.#run.later(5, () => this.#createCopy(create, fenceVersion, done));
    if (!this.isConnected) {
      this.#whenConnected.push(() => this.#createCopy(create, fenceVersion, done));
      return;
    }
    if (!this.#run.mayStore()) return;
    const session = this.#mirrorSession(originSession);
    let connection = this.#mirrorConnections.get(originSession);
    if (connection === undefined) {
      connection = this.#newConnection();
      this.#mirrorConnections.set(originSession, connection);
    }
    connection.send(
      () => {
        const outcome = this.#ensemble.submit(
          session,
          [
            { kind: 'check', path: fencePath, version: fenceVersion },
            { kind: 'setData', path: markPath, data: this.#markData(), version: -1 },
            { kind: 'create', path, data, acl, mode: 'ephemeral' },
          ],
          true,
        );
        const owner = this.#ensemble.tree.get(path)?.stat.ephemeralOwner;
        return { ...outcome, isThere: outcome.error?.code === 'NodeExists' && owner === session };
      },
      ({ zxid, error, isThere }) => {
        if (error?.code === 'SessionExpired') {
          this.#lose(session);
          done(path, zxid, 'SessionExpired');
        } else if (error === undefined || isThere) done(path, zxid);
        else done(path, zxid, error.code);
      },
      again,
    );
  }

  /** The mirror session of a client of the other side; opened and stored where there is none. */
  #mirrorSession(originSession: bigint): bigint {
    const { store, timing } = this.#run.options;
    const known = this.#mirrorSessions().find((session) => session.originSession === originSession);
    if (known !== undefined) {
      // Perhaps opened by another engine since this run began.
      if (!this.#announced.has(known.mirrorSession))
        this.#run.post({ kind: 'mirrorSessionOpened', session: known });
      this.#announced.add(known.mirrorSession);
      return known.mirrorSession;
    }
    const open = [...new Set(this.#mirrorSessions().map((session) => session.mirrorSession))];
    const shared =
      open.length >= timing.mostMirrorSessions ? open[this.#random.below(open.length)] : undefined;
    const mirrorSession = shared ?? this.#ensemble.openSession(timing.mirrorTimeoutMs);
    const session = { side: this.side, originSession, mirrorSession };
    store.mirrorSessions = [...store.mirrorSessions, session];
    this.#announced.add(mirrorSession);
    this.#run.post({ kind: 'mirrorSessionOpened', session });
    return mirrorSession;
  }

  #lose(mirrorSession: bigint): void {
    for (const session of this.#mirrorSessions()) {
      if (session.mirrorSession !== mirrorSession) continue;
      this.#forget(session.originSession);
      this.#run.post({ kind: 'mirrorSessionLost', session });
    }
  }

  #forget(originSession: bigint): void {
    if (!this.#run.mayStore()) return;
    const { store } = this.#run.options;
    store.mirrorSessions = store.mirrorSessions.filter(
      (session) => session.side !== this.side || session.originSession !== originSession,
    );
    this.#mirrorConnections.delete(originSession);
  }

  closeMirrorSession(originSession: bigint): void {
    const known = this.#mirrorSessions().find((session) => session.originSession === originSession);
    if (known === undefined) return;
    const isShared = this.#mirrorSessions().some(
      (other) => other.originSession !== originSession && other.mirrorSession === known.mirrorSession,
    );
    if (isShared) this.#forget(originSession);
    else this.#close(known);
  }

  /** Forgotten last: a session that nobody knows for ours, but lives on, would be taken for a client's. */
  #close(session: MirrorSession): void {
    if (this.#connection === undefined) {
      this.#whenConnected.push(() => this.#close(session));
      return;
    }
    this.#connection.send(
      () => this.#ensemble.closeSession(session.mirrorSession),
      () => this.#forget(session.originSession),
      () => this.#run.later(5, () => this.#close(session)),
    );
  }
}

const modeOf = (mode: 'persistent' | 'container' | 'ttl') =>
  mode === 'container' ? 'container' : 'persistent';
