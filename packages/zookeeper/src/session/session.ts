import { sleep, type Timer } from '@orchestrator/runtime/clock';
import { type AttemptMessage, diagnostics, type StateMessage } from '../diagnostics.ts';
import { requestError, ZooKeeperError } from '../errors.ts';
import type { JuteReader } from '../jute/reader.ts';
import { closeSession } from '../operations/close-session.ts';
import { exists } from '../operations/exists.ts';
import { authenticateSasl, sendAuth } from './authenticate.ts';
import { Connection } from './connection.ts';
import { Endpoints } from './endpoints.ts';
import type { ConnectResponse } from './handshake.ts';
import { Intake } from './intake.ts';
import type { Auth, ResolvedOptions } from './options.ts';
import { takesWrites } from './read-write-search.ts';
import { Request } from './request.ts';
import { type ConnectionState, isConnected } from './state.ts';
import type { Endpoint } from './transport.ts';

export interface SessionHandlers {
  onState(state: ConnectionState, cause: ZooKeeperError | undefined): void;
  onNotification(reader: JuteReader, zxid: bigint): void;
  /** Puts the watches back: called on every connection after its authentication, before any request. */
  restoreWatches(connection: Connection, lastZxidSeen: bigint): Promise<void>;
}

const firstBackoffMs = 50;
const longestBackoffMs = 1000;
const firstSearchMs = 100;
const longestSearchMs = 10_000;
const emptyPassword = Buffer.alloc(16);

const serverName = (endpoint: { host: string; port: number }) => `${endpoint.host}:${endpoint.port}`;

/**
 * A session that outlives its connections: finds a server, attaches, sends what waits, and begins again when the
 * connection ends. Requests on a connection that ends fail; those not yet sent wait for the next one.
 */
export class Session {
  readonly intake: Intake;
  readonly #options: ResolvedOptions;
  readonly #handlers: SessionHandlers;
  readonly #endpoints: Endpoints;
  readonly #stop = new AbortController();
  readonly #auth: Auth[];
  #state: ConnectionState = 'connecting';
  #everConnected = false;
  #connection: Connection | undefined;
  #id: bigint;
  #password: Uint8Array;
  /** The id is one that the quorum knows: a server cut off from it makes ids of its own. */
  #isQuorumSession: boolean;
  #timeoutMs: number;
  #lastZxidSeen = 0n;
  #lossTimer: Timer | undefined;
  #failure: ZooKeeperError | undefined;
  /** A server found to take writes, to be tried before all others. */
  #preferred: Endpoint | undefined;
  /** Why the latest attempt at each server failed. */
  readonly #attempts = new Map<string, ZooKeeperError>();

  constructor(options: ResolvedOptions, handlers: SessionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#endpoints = new Endpoints(options.hosts, options.resolve, options.random);
    this.intake = new Intake(options);
    this.#auth = [...options.auth];
    this.#id = options.session?.id ?? 0n;
    this.#isQuorumSession = options.session !== undefined;
    this.#password = options.session?.password ?? emptyPassword;
    this.#timeoutMs = options.sessionTimeoutMs;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get id(): bigint {
    return this.#id;
  }

  get password(): Uint8Array {
    return this.#password;
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  get lastZxidSeen(): bigint {
    const current = this.#connection?.lastZxidSeen ?? 0n;
    return current > this.#lastZxidSeen ? current : this.#lastZxidSeen;
  }

  /** The connection that requests go over; `undefined` while there is none. */
  get connection(): Connection | undefined {
    return isConnected(this.#state) ? this.#connection : undefined;
  }

  /** Why the session is closed, when it was not asked to be. */
  get failure(): ZooKeeperError | undefined {
    return this.#failure;
  }

  /** What went wrong at each server since the last connection, for a message. */
  describeAttempts(): string {
    if (this.#attempts.size === 0) return 'no attempt has ended yet';
    return [...this.#attempts.values()].map((error) => error.message).join('; ');
  }

  /** Runs until the session is closed or has failed for good. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const connection = await this.#connectAnywhere();
      if (connection === undefined) break;
      const reason = await connection.closed;
      this.#onDisconnected(connection, reason);
    }
  }

  /** Has everything answered that was asked, ends the session unless it is to be kept, and closes. */
  async close(keepSession: boolean): Promise<void> {
    if (isConnected(this.#state)) {
      const last = keepSession
        ? new Request(exists, { path: '/', watch: false })
        : new Request(closeSession, {});
      this.intake.submit(last);
      this.intake.refuse(requestError('ClientClosed', {}));
      const deadline = this.#options.clock.after(this.#timeoutMs, () => this.stop(undefined));
      // Whether it was answered or the connection broke, there is nothing left to wait for.
      await last.promise.catch(() => undefined);
      deadline.cancel();
    }
    this.stop(undefined);
    await this.#connection?.closed;
  }

  /** Closes at once; what waits fails. Requests under way fail with `ConnectionLoss`. */
  stop(failure: ZooKeeperError | undefined): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = failure;
    this.#stop.abort();
    this.#lossTimer?.cancel();
    const refusal = failure ?? requestError('ClientClosed', {});
    this.intake.refuse(refusal);
    this.intake.failWaiting(refusal);
    if (isConnected(this.#state)) this.#connection?.end();
    else this.#connection?.destroy('the client is closed');
    this.#setState('closed', failure);
  }

  /** Sends credentials now, if connected, and on every connection from now on. Rejects, and closes, when they are refused. */
  async authenticate(auth: Auth): Promise<void> {
    this.#auth.push(auth);
    if (this.connection === undefined) return;
    try {
      await sendAuth(this.connection, auth);
    } catch (error) {
      if (!(error instanceof ZooKeeperError) || error.code !== 'AuthFailed') return; // sent again after the reconnect
      this.stop(error);
      throw error;
    }
  }

  #setState(state: ConnectionState, cause?: ZooKeeperError): void {
    if (this.#state === state) return;
    this.#state = state;
    if (diagnostics.state.hasSubscribers) {
      const server = this.connection === undefined ? undefined : serverName(this.connection.endpoint);
      diagnostics.state.publish({ sessionId: this.#id, state, server, cause } satisfies StateMessage);
    }
    this.#handlers.onState(state, cause);
  }

  async #connectAnywhere(): Promise<Connection | undefined> {
    let backoffMs = firstBackoffMs;
    for (;;) {
      const preferred = this.#preferred;
      this.#preferred = undefined;
      const chosen = preferred === undefined ? undefined : await this.#attach(preferred);
      if (chosen !== undefined) return chosen;
      for await (const endpoint of this.#endpoints.round((host, cause) =>
        this.#noteUnresolved(host, cause),
      )) {
        if (this.#stop.signal.aborted) return undefined;
        const connection = await this.#attach(endpoint);
        if (connection !== undefined) return connection;
      }
      if (this.#stop.signal.aborted) return undefined;
      // Half of the delay is chance, so that the clients of a server that died do not come back in step.
      const delayMs = backoffMs * (0.5 + 0.5 * this.#options.random.fraction());
      // Rejects when the session is stopped meanwhile, which the next turn sees.
      await sleep(this.#options.clock, delayMs, this.#stop.signal).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
    }
  }

  #noteUnresolved(host: { host: string; port: number }, cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${serverName(host)}: the name does not resolve: ${reason}`;
    this.#noteAttempt(serverName(host), new ZooKeeperError('ConnectFailed', message, { cause }));
  }

  #noteAttempt(server: string, error: ZooKeeperError): void {
    this.#attempts.set(server, error);
    if (diagnostics.attempt.hasSubscribers)
      diagnostics.attempt.publish({ server, error } satisfies AttemptMessage);
  }

  /** One attempt at one server; `undefined` when it failed. */
  async #attach(endpoint: Endpoint): Promise<Connection | undefined> {
    const connection = this.#openConnection(endpoint);
    this.#connection = connection;
    try {
      const response = await connection.handshake;
      if (response.sessionTimeoutMs <= 0) {
        connection.destroy('the session has expired');
        this.#onExpired();
        return undefined;
      }
      await this.#establish(connection, response);
      return connection;
    } catch (error) {
      const failure =
        error instanceof ZooKeeperError
          ? error
          : new ZooKeeperError('ConnectFailed', String(error), { cause: error });
      connection.destroy(failure.message);
      this.#noteAttempt(serverName(endpoint), failure);
      if (failure.code === 'AuthFailed') this.stop(failure);
      return undefined;
    }
  }

  #openConnection(endpoint: Endpoint): Connection {
    const { sessionTimeoutMs, canBeReadOnly } = this.#options;
    return new Connection({
      ...this.#options,
      endpoint,
      open: this.#options.transport,
      connect: {
        lastZxidSeen: this.#lastZxidSeen,
        sessionTimeoutMs,
        sessionId: this.#isQuorumSession ? this.#id : 0n,
        password: this.#isQuorumSession ? this.#password : emptyPassword,
        canBeReadOnly,
      },
      onNotification: (reader, zxid) => this.#handlers.onNotification(reader, zxid),
      onRoom: () => this.intake.pump(),
    });
  }

  async #establish(connection: Connection, response: ConnectResponse): Promise<void> {
    this.#id = response.sessionId;
    this.#password = response.password;
    this.#timeoutMs = response.sessionTimeoutMs;
    this.#isQuorumSession ||= !response.readOnly;
    if (this.#options.sasl !== undefined) await authenticateSasl(connection, this.#options.sasl);
    for (const auth of this.#auth) await sendAuth(connection, auth);
    await this.#handlers.restoreWatches(connection, this.#lastZxidSeen);
    if (this.#stop.signal.aborted) throw requestError('ClientClosed', {});
    this.#lossTimer?.cancel();
    this.#attempts.clear();
    this.intake.open(connection);
    const again = this.#everConnected;
    this.#everConnected = true;
    this.#setState(response.readOnly ? 'readOnly' : again ? 'reconnected' : 'connected');
    if (response.readOnly) void this.#searchReadWrite(connection);
  }

  /** Looks for a server with a quorum for as long as `connection`, to one without, lasts. */
  async #searchReadWrite(connection: Connection): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, abortedWith(connection.closed)]);
    for (let delayMs = firstSearchMs; ; delayMs = Math.min(delayMs * 2, longestSearchMs)) {
      for await (const endpoint of this.#endpoints.round(() => undefined)) {
        if (signal.aborted) return;
        if (!(await takesWrites(endpoint, this.#options)) || signal.aborted) continue;
        this.#preferred = endpoint;
        connection.destroy(`${serverName(endpoint)} takes writes, unlike this server`);
        return;
      }
      // Rejects when the connection ends meanwhile, which the next turn sees.
      await sleep(this.#options.clock, delayMs, signal).catch(() => undefined);
    }
  }

  #onDisconnected(connection: Connection, reason: ZooKeeperError): void {
    this.#lastZxidSeen = connection.lastZxidSeen;
    this.intake.suspend();
    if (this.#stop.signal.aborted) return;
    this.#setState('suspended', reason);
    const silentMs = this.#options.clock.monotonicMs() - (connection.receivedMs ?? 0);
    const leftMs = Math.max(0, this.#timeoutMs - silentMs);
    this.#lossTimer = this.#options.clock.after(leftMs, () => this.#onSilent(), { background: true });
  }

  /** No server was reached for the whole session timeout: without a quorum's word, but the safe thing to assume. */
  #onSilent(): void {
    const error = new ZooKeeperError(
      'SessionExpired',
      `no server was reached for the session timeout of ${this.#timeoutMs} ms; the session must be taken for expired`,
    );
    this.#setState('lost', error);
    this.intake.failWaiting(error);
  }

  /** A server says that the session is no more. */
  #onExpired(): void {
    const error = requestError('SessionExpired', {
      op: `session 0x${BigInt.asUintN(64, this.#id).toString(16)}`,
    });
    this.#lossTimer?.cancel();
    this.#setState('lost', error);
    if (!this.#options.renewSession || !this.#everConnected) {
      this.stop(error);
      return;
    }
    this.#isQuorumSession = false;
    this.intake.failWaiting(error);
  }
}

/** A signal that aborts when `promise` resolves. */
function abortedWith(promise: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  void promise.then(() => controller.abort());
  return controller.signal;
}
