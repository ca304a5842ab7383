import { EventEmitter } from 'node:events';
import type { Clock } from '@orchestrator/runtime/clock';
import type { Random } from '@orchestrator/runtime/random';
import { requestError, type ZooKeeperError } from './errors.ts';
import { type GetAclResult, getAcl, setAcl } from './operations/acl.ts';
import { getConfig, type ReconfigRequest, reconfig } from './operations/config.ts';
import {
  type Create2Result,
  type CreateRequest,
  type CreateResult,
  create2For,
  createFor,
} from './operations/create.ts';
import { type CreateMode, isSequential } from './operations/create-mode.ts';
import { deleteNode } from './operations/delete.ts';
import { exists, type StatResult } from './operations/exists.ts';
import {
  type GetAllChildrenNumberResult,
  getAllChildrenNumber,
} from './operations/get-all-children-number.ts';
import {
  type GetChildren2Result,
  type GetChildrenResult,
  getChildren,
  getChildren2,
} from './operations/get-children.ts';
import { type GetDataResult, getData } from './operations/get-data.ts';
import { type GetEphemeralsResult, getEphemerals } from './operations/get-ephemerals.ts';
import { MultiError, type MultiOp, type MultiOutcome, type MultiSuccess, multi } from './operations/multi.ts';
import { type MultiReadOp, type MultiReadResult, multiRead } from './operations/multi-read.ts';
import type { Operation, Reply } from './operations/operation.ts';
import { setData } from './operations/set-data.ts';
import { sync } from './operations/sync.ts';
import type { WatcherType } from './operations/watches.ts';
import { type WhoAmIResult, whoAmI } from './operations/who-am-i.ts';
import type { Acl } from './protocol/acl.ts';
import { checkPath, withoutChroot } from './protocol/path.ts';
import type { Stat } from './protocol/stat.ts';
import { readWatchEvent } from './protocol/watch-event.ts';
import {
  type Auth,
  type ClientOptions,
  type ResolvedOptions,
  resolveOptions,
  type SessionIdentity,
} from './session/options.ts';
import { Request, type RequestHooks } from './session/request.ts';
import { Session } from './session/session.ts';
import { type ConnectionState, isConnected } from './session/state.ts';
import { type PersistentWatch, WatchService } from './session/watch-service.ts';
import type { AddWatchMode, OneShotKind, WatchListener } from './session/watches.ts';

export interface CreateOptions {
  /** Default: everyone may do everything. */
  acl?: readonly Acl[];
  /** Default `persistent`. */
  mode?: CreateMode;
  /** Time to live, 1 to 2^40 - 1; for the `…WithTtl` modes only. */
  ttlMs?: number;
}

export interface ReadOptions {
  /** Called once, at the next change. Not called when the client is closed first. */
  watch?: WatchListener;
}

export interface ExistsResult extends Reply {
  /** `null` when there is no such node. */
  stat: Stat | null;
}

interface ClientEvents {
  state: [state: ConnectionState, cause: ZooKeeperError | undefined];
}

/** Data as a caller may give it; strings are written as UTF-8. */
export type Data = Uint8Array | string | null;

const bytesOf = (data: Data): Uint8Array | null => (typeof data === 'string' ? Buffer.from(data) : data);

/**
 * A ZooKeeper client. It connects when made and stays connected until {@link close}; requests may be made at any time.
 *
 * Every result carries the reply's `zxid` and the request's `cxid`, every error of an answered request too. Requests go
 * out in the order of the calls and are answered in that order. Paths are relative to the chroot.
 *
 * @fires state - with the new {@link ConnectionState}, and the reason where there is one
 */
export class ZooKeeperClient extends EventEmitter<ClientEvents> {
  readonly #options: ResolvedOptions;
  readonly #session: Session;
  readonly #watches: WatchService;

  /** Throws `InvalidOption` or `InvalidPath` for options that cannot work. */
  constructor(options: ClientOptions) {
    super();
    // Every lock and latch of the client listens.
    this.setMaxListeners(0);
    this.#options = resolveOptions(options);
    const { chroot, juteMaxBuffer } = this.#options;
    this.#session = new Session(this.#options, {
      onState: (state, cause) => this.#onState(state, cause),
      onNotification: (reader, zxid) => {
        const { type, path } = readWatchEvent(reader);
        this.#watches.notify(type, withoutChroot(chroot, path), zxid > 0n ? zxid : undefined);
      },
      restoreWatches: (connection, lastZxidSeen) => this.#watches.restore(connection, lastZxidSeen),
    });
    this.#watches = new WatchService(this.#session, { chroot, juteMaxBuffer });
    void this.#session.run();
  }

  /** The clock given, or the system's. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** The source of chance given, or the system's. */
  get random(): Random {
    return this.#options.random;
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  /** Whether requests are sent at once. */
  get isConnected(): boolean {
    return isConnected(this.#session.state);
  }

  /** The session's id, 0 before the first connection. */
  get sessionId(): bigint {
    return this.#session.id;
  }

  /** What another process needs to go on with this session. */
  get session(): SessionIdentity {
    return { id: this.#session.id, password: Buffer.from(this.#session.password) };
  }

  /** As the server granted it. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs;
  }

  /** `host:port` of the server connected to. */
  get server(): string | undefined {
    const endpoint = this.#session.connection?.endpoint;
    return endpoint === undefined ? undefined : `${endpoint.host}:${endpoint.port}`;
  }

  /** Latest transaction that this client has seen evidence of. */
  get lastZxidSeen(): bigint {
    return this.#session.lastZxidSeen;
  }

  /** Why the client is closed, when nobody called {@link close}: refused credentials, or an expired session. */
  get failure(): ZooKeeperError | undefined {
    return this.#session.failure;
  }

  /** What went wrong at each server since the last connection. */
  describeAttempts(): string {
    return this.#session.describeAttempts();
  }

  /** Whether fewer than `maxInFlight` requests are on their way or waiting. */
  get hasCapacity(): boolean {
    return this.#session.intake.hasCapacity;
  }

  /** Back-pressure: resolves when {@link hasCapacity}, in the order of the calls, one call per free place. */
  capacity(): Promise<void> {
    return this.#session.intake.capacity();
  }

  /** Resolves once connected. Rejects when the client is closed first, or with the signal's reason. */
  async connected(signal?: AbortSignal): Promise<void> {
    while (!this.isConnected) {
      if (this.state === 'closed') throw this.failure ?? requestError('ClientClosed', {});
      await new Promise<void>((resolve, reject) => {
        const settle = () => {
          this.off('state', settle);
          signal?.removeEventListener('abort', settle);
          if (signal?.aborted) reject(signal.reason);
          else resolve();
        };
        if (signal?.aborted) return reject(signal.reason);
        this.on('state', settle);
        signal?.addEventListener('abort', settle);
      });
    }
  }

  create(path: string, data: Data = null, options: CreateOptions = {}): Promise<CreateResult> {
    return this.#create(createFor(options.mode), path, data, options);
  }

  /** As {@link create}, with the new node's Stat. Servers before 3.5 answer it by closing the connection. */
  create2(path: string, data: Data = null, options: CreateOptions = {}): Promise<Create2Result> {
    return this.#create(create2For(options.mode), path, data, options);
  }

  /** Deletes a node without children. `version` -1, the default, stands for any. */
  delete(path: string, version = -1): Promise<Reply> {
    return this.#submit(deleteNode, { path, version }, path);
  }

  /** A missing node is an answer here, not an error; `watch` then reports its creation. */
  exists(path: string, options?: ReadOptions): Promise<ExistsResult> {
    const watch = options?.watch;
    return this.#submit<{ path: string; watch: boolean }, ExistsResult>(
      exists,
      { path, watch: this.#asksServer('data', path, watch) },
      path,
      {
        path,
        onReply: (code) => {
          if (watch === undefined) return;
          if (code === undefined) this.#watches.registered('data', path, watch);
          else if (code === 'NoNode') this.#watches.registered('exists', path, watch);
        },
        recover: (code, { zxid, cxid }) => (code === 'NoNode' ? { stat: null, zxid, cxid } : undefined),
      },
    );
  }

  getData(path: string, options?: ReadOptions): Promise<GetDataResult> {
    return this.#read(getData, 'data', path, options);
  }

  /** `version` -1, the default, stands for any. */
  setData(path: string, data: Data, version = -1): Promise<StatResult> {
    return this.#submit(setData, { path, data: bytesOf(data), version }, path);
  }

  getAcl(path: string): Promise<GetAclResult> {
    return this.#submit(getAcl, { path }, path);
  }

  /** `aversion` -1, the default, stands for any. */
  setAcl(path: string, acl: readonly Acl[], aversion = -1): Promise<StatResult> {
    return this.#submit(setAcl, { path, acl, aversion }, path);
  }

  getChildren(path: string, options?: ReadOptions): Promise<GetChildrenResult> {
    return this.#read(getChildren, 'children', path, options);
  }

  /** As {@link getChildren}, with the node's Stat. */
  getChildren2(path: string, options?: ReadOptions): Promise<GetChildren2Result> {
    return this.#read(getChildren2, 'children', path, options);
  }

  /** Resolves once the server has caught up with the leader: reads made after the call see all that was committed before it. */
  sync(path = '/'): Promise<CreateResult> {
    return this.#submit(sync, { path }, path);
  }

  /** All operations or none. Rejects with a {@link MultiError} that names the one that failed. */
  async multi(ops: readonly MultiOp[]): Promise<MultiSuccess> {
    const outcome = await this.tryMulti(ops);
    if (!outcome.ok) throw new MultiError(outcome, ops);
    return outcome;
  }

  /** As {@link multi}, where one operation's failure is a result: for callers that send many and expect some to fail. */
  tryMulti(ops: readonly MultiOp[]): Promise<MultiOutcome> {
    for (const op of ops) {
      const sequential = 'mode' in op && op.mode !== undefined && isSequential(op.mode);
      const problem = checked(op.path, sequential);
      if (problem !== undefined) return Promise.reject(problem);
    }
    return this.#send(new Request(multi, { ops }));
  }

  /** Reads several nodes at one point in time; each read succeeds or fails by itself. Since 3.6. */
  multiRead(ops: readonly MultiReadOp[]): Promise<MultiReadResult> {
    for (const op of ops) {
      const problem = checked(op.path, false);
      if (problem !== undefined) return Promise.reject(problem);
    }
    return this.#send(new Request(multiRead, { ops }));
  }

  /**
   * Calls `listener` for every change from now on, until removed. After a reconnect it gets `watchRestored`, since servers
   * do not report what a persistent watch missed. Since 3.6.
   */
  addWatch(path: string, mode: AddWatchMode, listener: WatchListener): Promise<PersistentWatch> {
    const problem = checked(path, false);
    return problem === undefined ? this.#watches.add(path, mode, listener) : Promise.reject(problem);
  }

  /** Removes every watch of a type at `path`. Rejects with `NoWatcher` when there is none. Since 3.5. */
  removeWatches(path: string, type: WatcherType): Promise<void> {
    return this.#watches.removeAll(path, type);
  }

  /** Rejects with `NoWatcher` when the server holds no such watch. Since 3.5. */
  checkWatches(path: string, type: WatcherType): Promise<Reply> {
    return this.#watches.check(path, type);
  }

  /** This session's ephemeral nodes at `prefix` or below it. Since 3.6. */
  getEphemerals(prefix = '/'): Promise<GetEphemeralsResult> {
    return this.#submit(getEphemerals, { prefix }, prefix);
  }

  /** How many nodes there are below `path`. Since 3.6. */
  getAllChildrenNumber(path: string): Promise<GetAllChildrenNumberResult> {
    return this.#submit(getAllChildrenNumber, { path }, path);
  }

  /** Every identity that this connection has for ACLs. Since 3.7. */
  whoAmI(): Promise<WhoAmIResult> {
    return this.#send(new Request(whoAmI, {}));
  }

  /** The ensemble's membership as text, whatever the chroot. Since 3.5. */
  getConfig(): Promise<GetDataResult> {
    return this.#send(new Request(getConfig, {}, { path: '/zookeeper/config' }));
  }

  /** Changes the ensemble's membership; resolves with the new one. Since 3.5, with `reconfigEnabled` and admin rights. */
  reconfig(change: ReconfigRequest): Promise<GetDataResult> {
    return this.#send(new Request(reconfig, change));
  }

  /** Adds credentials to this and every later connection. Rejects with `AuthFailed`, after which the client is closed. */
  async addAuth(auth: Auth): Promise<void> {
    await this.#session.authenticate(auth);
  }

  /**
   * Ends the session, so that its ephemeral nodes go, once the requests made before are answered. Without a connection it
   * closes at once, requests that wait fail, and the session ends by its timeout.
   *
   * @param options.keepSession leaves the session to whoever attaches to it within its timeout
   */
  async close(options?: { keepSession?: boolean }): Promise<void> {
    await this.#session.close(options?.keepSession === true);
  }

  #create<Result>(
    operation: Operation<CreateRequest, Result>,
    path: string,
    data: Data,
    { acl, mode, ttlMs }: CreateOptions,
  ): Promise<Result> {
    return this.#submit(operation, { path, data: bytesOf(data), acl, mode, ttlMs }, path, { path }, mode);
  }

  #read<Result>(
    operation: Operation<{ path: string; watch: boolean }, Result>,
    kind: OneShotKind,
    path: string,
    options: ReadOptions | undefined,
  ): Promise<Result> {
    const watch = options?.watch;
    if (watch === undefined) return this.#submit(operation, { path, watch: false }, path);
    return this.#submit(operation, { path, watch: this.#asksServer(kind, path, watch) }, path, {
      path,
      onReply: (code) => {
        if (code === undefined) this.#watches.registered(kind, path, watch);
      },
    });
  }

  #asksServer(kind: OneShotKind, path: string, watch: WatchListener | undefined): boolean {
    return watch !== undefined && this.#watches.asksServer(kind, path);
  }

  #submit<Body, Result>(
    operation: Operation<Body, unknown>,
    body: Body,
    path: string,
    hooks: RequestHooks<Result> = { path },
    mode?: CreateMode,
  ): Promise<Result> {
    const problem = checked(path, mode !== undefined && isSequential(mode));
    if (problem !== undefined) return Promise.reject(problem);
    return this.#send(new Request(operation as Operation<Body, Result>, body, hooks));
  }

  #send<Body, Result>(request: Request<Body, Result>): Promise<Result> {
    this.#session.intake.submit(request);
    return request.promise;
  }

  #onState(state: ConnectionState, cause: ZooKeeperError | undefined): void {
    try {
      this.emit('state', state, cause);
    } catch (error) {
      // A listener's mistake must not end the session that calls it; nor must it go unseen.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

function checked(path: string, sequential: boolean): ZooKeeperError | undefined {
  try {
    checkPath(path, { sequential });
    return undefined;
  } catch (error) {
    return error as ZooKeeperError;
  }
}
