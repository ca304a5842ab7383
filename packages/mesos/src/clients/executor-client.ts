import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { MesosError } from '../errors.ts';
import {
  Call_Type,
  CallSchema,
  Event_Type,
  EventSchema,
} from '../generated/mesos/v1/executor/executor_pb.ts';
import { TaskStatus_Source, TaskStatusSchema, type TaskStatusValid } from '../generated/mesos/v1/task_pb.ts';
import { ExecutorIDSchema, FrameworkIDSchema } from '../generated/mesos/v1/values_pb.ts';
import { encodeBody } from '../http/format.ts';
import { requireFields, type Valid } from '../messages/message.ts';
import { newUuidBytes } from '../messages/uuid.ts';
import { readEvents } from './event-stream.ts';
import { keepTrying } from './keep-trying.ts';
import { apiUrl } from './leader-url.ts';
import { createTransport, requireSuccess, type TransportOptions } from './transport.ts';
import { trackUnacknowledged } from './unacknowledged.ts';

type ExecutorEvent = Valid<typeof EventSchema>;

export interface ExecutorClientOptions extends TransportOptions {
  agent: { host: string; port: number };
  executorId: string;
  frameworkId: string;
  /** Every event, in order. A promise holds back the next one. */
  onEvent: (event: ExecutorEvent) => void | Promise<void>;
  onDisconnected?: (reason: unknown) => void;
  /** Without the agent for longer than this, it is over; 0 for frameworks that do not checkpoint. Default 900 000. */
  recoveryTimeoutMs?: number;
  /** Longest delay before subscribing again. Default 2 000. */
  maxDelayMs?: number;
  /** Between HEARTBEAT calls. Default 1 800 000. */
  heartbeatIntervalMs?: number;
  clock?: Clock;
  random?: Random;
}

/** An executor over the v1 executor API. */
export interface ExecutorClient {
  readonly subscribed: boolean;
  /**
   * Reports the state of a task: uuid, time, source and executor are added. Kept until it is acknowledged, and told
   * again when subscribing anew, so a connection that is broken just now does not matter.
   */
  update(status: MessageInitShape<typeof TaskStatusSchema>): Promise<void>;
  /** Bytes to the framework, at most once. Throws `MesosError` while not subscribed. */
  message(data: Uint8Array): Promise<void>;
  /**
   * Resolves after `close` or SHUTDOWN; rejects when the agent stays away for longer than the recovery timeout, and with
   * what `onEvent` throws.
   */
  readonly done: Promise<void>;
  close(): void;
}

/** An update that is answered so is not worth sending again. */
const refusals = new Set(['invalid', 'forbidden', 'unauthenticated']);

export function createExecutorClient(options: ExecutorClientOptions): ExecutorClient {
  const { agent, executorId, frameworkId, onEvent, onDisconnected } = options;
  const { recoveryTimeoutMs = 900_000, maxDelayMs = 2_000, heartbeatIntervalMs = 1_800_000 } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const transport = createTransport(options);
  const { format } = transport;
  const url = apiUrl(transport.scheme, agent, '/api/v1/executor');
  const closing = new AbortController();
  const backoff = createBackoff({ firstDelayMs: Math.min(100, maxDelayMs), maxDelayMs, random });
  const unacknowledged = trackUnacknowledged();
  let subscribed = false;
  let handlerFailure: { error: unknown } | undefined;
  let lastUpdate = Promise.resolve();
  let lastSubscribedMs = clock.monotonicMs();

  function encode(init: MessageInitShape<typeof CallSchema>): string | Uint8Array {
    const call = create(CallSchema, init);
    call.executorId = create(ExecutorIDSchema, { value: executorId });
    call.frameworkId = create(FrameworkIDSchema, { value: frameworkId });
    return encodeBody(format, CallSchema, call);
  }

  async function send(init: MessageInitShape<typeof CallSchema>): Promise<void> {
    const answer = await transport.post({ url, body: encode(init), signal: closing.signal });
    await requireSuccess(answer);
    await answer.body.dump();
  }

  /** Until the agent has it; told again when subscribing anew, should the subscription end before. */
  async function deliver(status: TaskStatusValid): Promise<void> {
    const update = { $typeName: 'mesos.v1.executor.Call.Update', status } as const;
    while (subscribed) {
      try {
        return await send({ type: Call_Type.UPDATE, update });
      } catch (error) {
        onDisconnected?.(error);
        if (error instanceof MesosError && refusals.has(error.code)) return;
        await sleep(clock, maxDelayMs, closing.signal).catch(() => undefined); // only the signal ends it early
      }
    }
  }

  /** One after the other: updates of a task must not overtake each other. */
  function sendUpdate(status: TaskStatusValid): Promise<void> {
    lastUpdate = lastUpdate.then(() => deliver(status));
    return lastUpdate;
  }

  async function take(event: ExecutorEvent): Promise<void> {
    unacknowledged.event(event);
    try {
      await onEvent(event);
    } catch (error) {
      handlerFailure = { error };
      throw error;
    }
    if (event.type === Event_Type.SHUTDOWN) closing.abort(new MesosError('shut down', { code: 'closed' }));
  }

  async function subscribe(): Promise<never> {
    const told = unacknowledged.subscribe();
    const body = encode({ type: Call_Type.SUBSCRIBE, subscribe: told.body });
    const answer = await transport.post({ url, body, stream: true, signal: closing.signal });
    await requireSuccess(answer);
    try {
      for await (const event of readEvents(answer, EventSchema, { format })) {
        if (event.subscribed !== undefined) {
          subscribed = true;
          backoff.reset();
          for (const status of told.later()) void sendUpdate(status);
        }
        await take(event);
      }
    } finally {
      if (subscribed) lastSubscribedMs = clock.monotonicMs();
      subscribed = false;
    }
    throw new MesosError(`the agent at ${url.origin} ended the stream`, {
      code: 'unavailable',
      retryable: true,
    });
  }

  function onFailure(error: unknown): void {
    if (handlerFailure !== undefined) throw handlerFailure.error;
    onDisconnected?.(error);
    const awayMs = clock.monotonicMs() - lastSubscribedMs;
    if (awayMs < recoveryTimeoutMs) return;
    const message = `the agent at ${url.origin} has been away for ${Math.round(awayMs)} ms`;
    throw new MesosError(message, { code: 'timeout', cause: error });
  }

  async function beat(): Promise<void> {
    while (!closing.signal.aborted) {
      await sleep(clock, heartbeatIntervalMs, closing.signal).catch(() => undefined);
      // Keeps the connection known to what is in between; an agent that does not get it says so by its stream.
      if (subscribed) await send({ type: Call_Type.HEARTBEAT }).catch(() => undefined);
    }
  }

  const trying = keepTrying({ attempt: subscribe, onFailure, backoff, clock, signal: closing.signal });
  const done = trying.finally(() => closing.abort(new MesosError('over', { code: 'closed' })));
  done.catch(() => undefined); // whoever wants to know asks `done`
  void beat();

  return {
    get subscribed() {
      return subscribed;
    },
    async update(init) {
      const status = clone(TaskStatusSchema, create(TaskStatusSchema, init));
      status.uuid = newUuidBytes();
      status.timestamp = clock.nowMs() / 1_000;
      status.source = TaskStatus_Source.EXECUTOR;
      status.executorId = create(ExecutorIDSchema, { value: executorId });
      const valid = requireFields(TaskStatusSchema, status);
      unacknowledged.update(valid);
      if (subscribed) await sendUpdate(valid);
    },
    async message(data) {
      if (!subscribed)
        throw new MesosError('not subscribed to an agent', { code: 'unavailable', retryable: true });
      await send({ type: Call_Type.MESSAGE, message: { data } });
    },
    done,
    close: () => closing.abort(new MesosError('the client was closed', { code: 'closed' })),
  };
}
