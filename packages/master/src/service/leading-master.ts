import { internal, type LocalProcess, makeMessage, master, parseUpid, scheduler } from '@orchestrator/mesos';
import type { Clock, Logger, Timer } from '@orchestrator/runtime';
import type { Allocator } from '../allocator/allocator.ts';
import type { Action, Answer } from '../core/actions.ts';
import type { MasterCore } from '../core/core.ts';
import type { CoreEvent, OperatorWrite } from '../core/events.ts';
import type { Connection } from '../core/records.ts';
import { Durations } from '../metrics/durations.ts';
import type { Registrar } from '../registrar/registrar.ts';
import type { RateLimits } from '../throttle/rate-limits.ts';
import { Throttle } from '../throttle/throttle.ts';
import { sendToDriver, sendUpdateToDriver } from './driver-messages.ts';
import type { EventStream } from './stream.ts';

export interface LeadingMasterOptions {
  readonly core: MasterCore;
  readonly registrar: Registrar;
  /** The core's. */
  readonly allocator: Allocator;
  /** `master`, on the node of this process. */
  readonly process: LocalProcess;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It cannot go on: another master leads, the store is gone, or too many agents are. */
  readonly onFatal: (error: unknown) => void;
  /** Of the calls of frameworks. */
  readonly rateLimits: RateLimits;
  /** Subscribers of the operator API; the oldest goes when one more comes. Default 1 000. */
  readonly mostSubscribers?: number;
}

type FrameworkStream = EventStream<typeof scheduler.EventSchema>;
/** Of the operator API. */
type Subscriber = Pick<EventStream<typeof master.EventSchema>, 'send' | 'close'>;

const agentMessages = {
  SlaveRegisteredMessage: internal.SlaveRegisteredMessageSchema,
  SlaveReregisteredMessage: internal.SlaveReregisteredMessageSchema,
  PingSlaveMessage: internal.PingSlaveMessageSchema,
  RunTaskMessage: internal.RunTaskMessageSchema,
  RunTaskGroupMessage: internal.RunTaskGroupMessageSchema,
  KillTaskMessage: internal.KillTaskMessageSchema,
  ShutdownExecutorMessage: internal.ShutdownExecutorMessageSchema,
  ShutdownFrameworkMessage: internal.ShutdownFrameworkMessageSchema,
  FrameworkToExecutorMessage: internal.FrameworkToExecutorMessageSchema,
  UpdateFrameworkMessage: internal.UpdateFrameworkMessageSchema,
  CheckpointResourcesMessage: internal.CheckpointResourcesMessageSchema,
  ApplyOperationMessage: internal.ApplyOperationMessageSchema,
  ReconcileOperationsMessage: internal.ReconcileOperationsMessageSchema,
  StatusUpdateAcknowledgementMessage: internal.StatusUpdateAcknowledgementMessageSchema,
  AcknowledgeOperationStatusMessage: internal.AcknowledgeOperationStatusMessageSchema,
  DrainSlaveMessage: internal.DrainSlaveMessageSchema,
  ShutdownMessage: internal.ShutdownMessageSchema,
} as const;

/** The core with everything it needs to act: time, the registry, agents, frameworks and operators. */
export class LeadingMaster {
  readonly core: MasterCore;
  readonly #options: LeadingMasterOptions;
  readonly #streams = new Map<string, FrameworkStream>();
  readonly #subscribers = new Set<Subscriber>();
  readonly #requests = new Map<number, (answer: Answer) => void>();
  /** When it was elected; milliseconds since 1970. */
  readonly electedAtMs: number;
  /** How long offers took to be made, and how long they waited for their turn when they were due. */
  readonly allocationRunMs = new Durations();
  readonly allocationLatencyMs = new Durations();
  readonly #electedAtMonotonicMs: number;
  readonly throttle: Throttle;
  #nextRequest = 1;
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined;
  #allocation: { readonly atMs: number; readonly timer: Timer } | undefined;
  #closed = false;

  constructor(options: LeadingMasterOptions) {
    this.#options = options;
    this.core = options.core;
    this.core.setWatched(false);
    this.electedAtMs = options.clock.nowMs();
    this.#electedAtMonotonicMs = options.clock.monotonicMs();
    this.throttle = new Throttle(options.rateLimits, options.clock);
    this.handle({ type: 'recovered' });
  }

  get allocator(): Allocator {
    return this.#options.allocator;
  }

  /** Milliseconds since 1970 as they would be had nobody set the clock since the election: for deadlines. */
  steadyMs(): number {
    return this.electedAtMs + this.#options.clock.monotonicMs() - this.#electedAtMonotonicMs;
  }

  get registrar(): Registrar {
    return this.#options.registrar;
  }

  handle(event: CoreEvent): void {
    if (this.#closed) return;
    try {
      const actions = this.core.handle(event, this.#options.clock.nowMs(), this.steadyMs());
      for (const action of actions) this.#perform(action);
    } catch (error) {
      this.#options.onFatal(error);
      return;
    }
    this.#schedule();
  }

  /** Resolves when it is stored, or refused. */
  write(write: OperatorWrite, principal: string | undefined): Promise<Answer> {
    return this.#request((requestId) => ({ type: 'operator', requestId, principal, write }));
  }

  updateFramework(frameworkId: string, call: scheduler.Call_UpdateFrameworkValid): Promise<Answer> {
    return this.#request((requestId) => ({ type: 'update-framework', requestId, frameworkId, call }));
  }

  #request(event: (requestId: number) => CoreEvent): Promise<Answer> {
    return new Promise((resolve) => {
      const requestId = this.#nextRequest++;
      this.#requests.set(requestId, resolve);
      this.handle(event(requestId));
    });
  }

  /** A framework over HTTP: its events go to the stream until that ends. */
  subscribe(connectionId: string, stream: FrameworkStream, call: scheduler.Call_SubscribeValid): void {
    this.#streams.set(connectionId, stream);
    this.handle({ type: 'subscribe', connection: httpConnection(connectionId), call });
  }

  /** The id of the framework whose events go to the stream. */
  frameworkOnStream(connectionId: string): string | undefined {
    return this.core.frameworkOn(httpConnection(connectionId))?.id;
  }

  streamEnded(connectionId: string): void {
    if (!this.#streams.delete(connectionId)) return;
    this.handle({ type: 'framework-disconnected', connection: httpConnection(connectionId) });
  }

  /** A stream is ended because its reader does not keep up. */
  readsTooSlowly(reader: string | undefined, waitingBytes: number): void {
    this.#options.logger.warn('stream ended: its reader is too slow', { reader, waitingBytes });
  }

  addSubscriber(subscriber: Subscriber): void {
    const { mostSubscribers = 1000 } = this.#options;
    this.#subscribers.add(subscriber);
    this.core.setWatched(true);
    for (const oldest of this.#subscribers) {
      if (this.#subscribers.size <= mostSubscribers) return;
      oldest.close();
      this.#subscribers.delete(oldest);
    }
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  removeSubscriber(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.core.setWatched(this.#subscribers.size > 0);
  }

  /** Steps down: streams end, timers stop, and nothing is answered any more. */
  close(): void {
    this.#closed = true;
    this.#timer?.timer.cancel();
    this.#allocation?.timer.cancel();
    this.throttle.close();
    for (const stream of [...this.#streams.values(), ...this.#subscribers]) stream.close();
    this.#streams.clear();
    this.#subscribers.clear();
    for (const resolve of this.#requests.values()) resolve({ status: 503, message: 'No leader elected' });
    this.#requests.clear();
  }

  #schedule(): void {
    const { clock } = this.#options;
    const nowMs = this.steadyMs();
    const dueMs = this.core.nextDueMs();
    if (dueMs !== undefined && (this.#timer === undefined || dueMs < this.#timer.atMs)) {
      this.#timer?.timer.cancel();
      const timer = clock.after(Math.max(0, dueMs - nowMs), () => {
        this.#timer = undefined;
        this.handle({ type: 'tick' });
      });
      this.#timer = { atMs: dueMs, timer };
    }
    const allocateMs = this.core.nextAllocationMs(nowMs);
    if (allocateMs !== undefined && (this.#allocation === undefined || allocateMs < this.#allocation.atMs)) {
      this.#allocation?.timer.cancel();
      const dueAtMs = clock.monotonicMs() + Math.max(0, allocateMs - nowMs);
      const timer = clock.after(Math.max(0, allocateMs - nowMs), () => {
        this.#allocation = undefined;
        const startedMs = clock.monotonicMs();
        this.handle({ type: 'allocate' });
        this.allocationRunMs.record(clock.monotonicMs() - startedMs);
        this.allocationLatencyMs.record(Math.max(0, startedMs - dueAtMs));
      });
      this.#allocation = { atMs: allocateMs, timer };
    }
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'to-agent':
        this.#toAgent(action);
        break;
      case 'to-framework':
        this.#toFramework(action);
        break;
      case 'close-framework':
        this.#closeFramework(action.connection);
        break;
      case 'operator-event':
        for (const subscriber of this.#subscribers) subscriber.send(action.event);
        break;
      case 'registry':
        this.#store(action);
        break;
      case 'answer':
        this.#requests.get(action.requestId)?.(action.answer);
        this.#requests.delete(action.requestId);
        break;
      case 'link-agent':
        this.#link(action.pid, { type: 'agent-disconnected', pid: action.pid });
        break;
      case 'unlink': {
        const upid = parseUpid(action.pid);
        if (upid !== undefined) this.#options.process.unlink(upid);
        break;
      }
      case 'defect':
        this.#options.logger.error('event not dealt with', { event: action.event, error: action.error });
        break;
      case 'log':
        this.#options.logger[action.level](action.message, { ...action.fields });
    }
  }

  /** A message of ours to a process that is in no book. */
  readonly sendTo: LocalProcess['send'] = (to, schema, message) =>
    this.#options.process.send(to, schema, message);

  #toAgent({ pid, message }: Extract<Action, { type: 'to-agent' }>): void {
    const upid = parseUpid(pid);
    if (upid === undefined) return;
    this.#options.process.send(upid, agentMessages[message.name], message.message);
  }

  #toFramework({ connection, event, hints }: Extract<Action, { type: 'to-framework' }>): void {
    if (connection.kind === 'http') {
      this.#streams.get(connection.connectionId)?.send(event);
      return;
    }
    const upid = parseUpid(connection.pid);
    if (upid === undefined) return;
    const { process } = this.#options;
    if (event.subscribed !== undefined) {
      this.#link(connection.pid, { type: 'framework-disconnected', connection });
    }
    const frameworkId = this.core.frameworkOn(connection)?.id ?? '';
    if (event.update !== undefined) {
      sendUpdateToDriver(frameworkId, event, hints, (schema, message) => process.send(upid, schema, message));
    } else {
      sendToDriver(event, hints, frameworkId, (schema, message) => process.send(upid, schema, message));
    }
  }

  #link(pid: string, broken: CoreEvent): void {
    const upid = parseUpid(pid);
    if (upid !== undefined) this.#options.process.link(upid, () => this.handle(broken));
  }

  #closeFramework(connection: Connection): void {
    if (connection.kind === 'driver') {
      const upid = parseUpid(connection.pid);
      if (upid !== undefined) this.#options.process.unlink(upid);
      return;
    }
    const stream = this.#streams.get(connection.connectionId);
    this.#streams.delete(connection.connectionId);
    stream?.close();
  }

  #store({ token, operation }: Extract<Action, { type: 'registry' }>): void {
    this.#options.registrar.apply(operation).then(
      (outcome) => this.handle({ type: 'registry-done', token, outcome }),
      (error: unknown) => {
        if (!this.#closed) this.#options.onFatal(error);
      },
    );
  }
}

/** The id of a stream is what the framework has to show with each call. */
export const httpConnection = (connectionId: string): Connection => ({
  kind: 'http',
  connectionId,
  streamId: connectionId,
});

/** The first event of a subscriber. */
export const heartbeatEvent = makeMessage(master.EventSchema, { type: master.Event_Type.HEARTBEAT });
export const frameworkHeartbeat = makeMessage(scheduler.EventSchema, {
  type: scheduler.Event_Type.HEARTBEAT,
});
