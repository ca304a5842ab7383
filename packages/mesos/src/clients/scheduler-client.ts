import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { MesosError } from '../errors.ts';
import { FrameworkInfoSchema } from '../generated/mesos/v1/offer_pb.ts';
import {
  Call_Type,
  CallSchema,
  Event_Type,
  EventSchema,
  type OfferConstraintsSchema,
} from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { FrameworkIDSchema } from '../generated/mesos/v1/values_pb.ts';
import { encodeBody } from '../http/format.ts';
import type { Valid } from '../messages/message.ts';
import { equalLeaders, type Leader, type MasterDetector } from './detector.ts';
import { readEvents } from './event-stream.ts';
import { watchHeartbeats } from './heartbeats.ts';
import { apiUrl } from './leader-url.ts';
import { createTransport, requireSuccess, type TransportOptions } from './transport.ts';

type SchedulerEvent = Valid<typeof EventSchema>;

export interface SchedulerClientOptions extends TransportOptions {
  detector: MasterDetector;
  /** With its id when the framework has one already. */
  frameworkInfo: MessageInitShape<typeof FrameworkInfoSchema>;
  suppressedRoles?: string[];
  offerConstraints?: MessageInitShape<typeof OfferConstraintsSchema>;
  /** Every event, in order, SUBSCRIBED and HEARTBEAT included. A promise holds back the next one. */
  onEvent: (event: SchedulerEvent) => void | Promise<void>;
  /** The subscription is gone; another one is being made. */
  onDisconnected?: (reason: unknown) => void;
  /** Heartbeats that may be missed before the connection is given up. Default 5. */
  mostMissedHeartbeats?: number;
  /** Delays between attempts to subscribe grow from and to these. Default 200 and 10 000. */
  firstDelayMs?: number;
  maxDelayMs?: number;
  largestRecordBytes?: number;
  clock?: Clock;
  random?: Random;
}

/** A framework over the v1 scheduler API: subscribed to whoever leads, again and again. */
export interface SchedulerClient {
  /** Undefined until the first subscription of a framework without one. */
  readonly frameworkId: string | undefined;
  /** Whether calls can be made now. */
  readonly subscribed: boolean;
  /**
   * Any call but SUBSCRIBE; the framework id and the stream id are added. Resolves when the master has taken it: calls
   * that are made before that may overtake each other. Throws
   * `MesosError`: `unavailable` (retryable) while not subscribed, otherwise as `MasterClient.call`.
   */
  call(call: MessageInitShape<typeof CallSchema>): Promise<void>;
  /** Rejects when the master refuses the framework for good (its ERROR event, or a bad SUBSCRIBE); resolves after `close`. */
  readonly done: Promise<void>;
  /** Leaves the stream; the framework stays for its failover timeout. TEARDOWN is a call. */
  close(): void;
}

/** Not worth another try: the framework is not what the master takes. */
const fatalCodes = new Set(['invalid', 'forbidden', 'unauthenticated', 'conflict']);

export function createSchedulerClient(options: SchedulerClientOptions): SchedulerClient {
  const {
    detector,
    onEvent,
    onDisconnected,
    suppressedRoles = [],
    offerConstraints,
    mostMissedHeartbeats = 5,
  } = options;
  const { clock = systemClock, random = systemRandom, firstDelayMs = 200, maxDelayMs = 10_000 } = options;
  const transport = createTransport(options);
  const closing = new AbortController();
  const backoff = createBackoff({ firstDelayMs, maxDelayMs, random });
  let stream: { url: URL; id: string } | undefined;

  const frameworkInfo = clone(FrameworkInfoSchema, create(FrameworkInfoSchema, options.frameworkInfo));
  let frameworkId = frameworkInfo.id?.value;
  const idOf = (value: string) => create(FrameworkIDSchema, { value });

  function subscribeCall() {
    const call = create(CallSchema, {
      type: Call_Type.SUBSCRIBE,
      subscribe: {
        frameworkInfo,
        suppressedRoles,
        ...(offerConstraints === undefined ? {} : { offerConstraints }),
      },
    });
    if (frameworkId !== undefined) {
      call.frameworkId = idOf(frameworkId);
      frameworkInfo.id = idOf(frameworkId);
    }
    return call;
  }

  async function take(event: SchedulerEvent): Promise<void> {
    if (event.subscribed !== undefined) {
      frameworkId = event.subscribed.frameworkId.value;
      backoff.reset();
    }
    await onEvent(event);
    if (event.type !== Event_Type.ERROR) return;
    throw new MesosError(`the master refuses the framework: ${event.error?.message}`, { code: 'conflict' });
  }

  /** One subscription, until it ends: always by an error. */
  async function subscribe(
    leader: Leader,
    signal: AbortSignal,
    giveUp: (reason: unknown) => void,
  ): Promise<never> {
    const answer = await transport.post({
      url: apiUrl(transport.scheme, leader, '/api/v1/scheduler'),
      body: encodeBody(transport.format, CallSchema, subscribeCall()),
      stream: true,
      signal,
    });
    await requireSuccess(answer);
    stream = { url: answer.url, id: String(answer.headers['mesos-stream-id'] ?? '') };
    const heartbeats = watchHeartbeats(clock, (silenceMs) => {
      giveUp(
        new MesosError(`nothing from ${answer.url.origin} for ${Math.round(silenceMs)} ms`, {
          code: 'unavailable',
          retryable: true,
        }),
      );
    });
    try {
      const { format } = transport;
      const { largestRecordBytes } = options;
      const limits = largestRecordBytes === undefined ? {} : { largestRecordBytes };
      for await (const event of readEvents(answer, EventSchema, {
        format,
        ...limits,
        onRecord: heartbeats.heard,
      })) {
        const intervalSeconds = event.subscribed?.heartbeatIntervalSeconds ?? 0;
        if (intervalSeconds > 0) heartbeats.expect(1_000 * intervalSeconds * mostMissedHeartbeats);
        heartbeats.hold(true);
        await take(event);
        heartbeats.hold(false);
      }
    } finally {
      heartbeats.stop();
      stream = undefined;
    }
    throw new MesosError(`${answer.url.origin} ended the stream`, { code: 'unavailable', retryable: true });
  }

  /** A subscription that also ends when somebody else leads. */
  async function subscribeWhileLeading(leader: Leader): Promise<never> {
    const attempt = new AbortController();
    const signal = AbortSignal.any([attempt.signal, closing.signal]);
    detector.detect(leader, signal).then(
      (next) => {
        if (!equalLeaders(next, leader)) {
          attempt.abort(new MesosError('another master leads', { code: 'unavailable', retryable: true }));
        }
      },
      () => undefined, // the attempt is over, or the detector will say so on the next one
    );
    try {
      return await subscribe(leader, signal, (reason) => attempt.abort(reason));
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      attempt.abort();
    }
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const leader = await detector.detect(undefined, closing.signal);
        if (leader !== undefined) await subscribeWhileLeading(leader);
      } catch (error) {
        if (closing.signal.aborted) return;
        if (error instanceof MesosError && fatalCodes.has(error.code)) throw error;
        onDisconnected?.(error);
        await sleep(clock, backoff.nextDelayMs(), closing.signal).catch(() => undefined);
      }
    }
  }

  const done = run();
  done.catch(() => undefined); // whoever wants to know asks `done`

  return {
    get frameworkId() {
      return frameworkId;
    },
    get subscribed() {
      return stream !== undefined && frameworkId !== undefined;
    },
    async call(init) {
      if (stream === undefined || frameworkId === undefined) {
        throw new MesosError('not subscribed to a master', { code: 'unavailable', retryable: true });
      }
      const call = create(CallSchema, init);
      call.frameworkId = idOf(frameworkId);
      const answer = await transport.post({
        url: stream.url,
        body: encodeBody(transport.format, CallSchema, call),
        headers: { 'mesos-stream-id': stream.id },
        signal: closing.signal,
      });
      await requireSuccess(answer);
      await answer.body.dump();
    },
    done,
    close: () => closing.abort(new MesosError('the client was closed', { code: 'closed' })),
  };
}
