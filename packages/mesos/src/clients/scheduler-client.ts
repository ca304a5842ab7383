import { clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, systemClock } from '@orchestrator/runtime/clock';
import { type Random, systemRandom } from '@orchestrator/runtime/random';
import { MesosError } from '../errors.ts';
import { FrameworkInfoSchema } from '../generated/mesos/v1/offer_pb.ts';
import {
  type Call,
  Call_Type,
  CallSchema,
  Event_Type,
  type EventSchema,
  type OfferConstraintsSchema,
} from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import { encodeBody } from '../http/format.ts';
import type { Valid } from '../messages/message.ts';
import type { Leader, MasterDetector } from './detector.ts';
import { keepTrying } from './keep-trying.ts';
import { type StreamAddress, subscribeToLeader } from './scheduler-subscription.ts';
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
  /**
   * Rejects when the master refuses the framework for good (its ERROR event, or a bad SUBSCRIBE), and with what `onEvent`
   * throws; resolves after `close`.
   */
  readonly done: Promise<void>;
  /** Leaves the stream; the framework stays for its failover timeout. TEARDOWN is a call. */
  close(): void;
}

/** Not worth another try: the framework is not what the master takes. */
const finalCodes = new Set(['invalid', 'forbidden', 'unauthenticated', 'conflict']);

export function createSchedulerClient(options: SchedulerClientOptions): SchedulerClient {
  const { detector, onEvent, onDisconnected, suppressedRoles = [], offerConstraints } = options;
  const { firstDelayMs = 200, maxDelayMs = 10_000, mostMissedHeartbeats = 5, largestRecordBytes } = options;
  const { clock = systemClock, random = systemRandom } = options;
  const transport = createTransport(options);
  const closing = new AbortController();
  const backoff = createBackoff({ firstDelayMs, maxDelayMs, random });
  const frameworkInfo = clone(FrameworkInfoSchema, create(FrameworkInfoSchema, options.frameworkInfo));
  let frameworkId = frameworkInfo.id;
  let stream: StreamAddress | undefined;
  let tried: Leader | undefined;
  let handlerFailure: { error: unknown } | undefined;

  function subscribeCall(): Call {
    const constraints = offerConstraints === undefined ? {} : { offerConstraints };
    const subscribe = { frameworkInfo, suppressedRoles, ...constraints };
    return create(CallSchema, { type: Call_Type.SUBSCRIBE, subscribe });
  }

  function encode(call: Call): string | Uint8Array {
    if (frameworkId !== undefined) call.frameworkId = frameworkId;
    return encodeBody(transport.format, CallSchema, call);
  }

  async function take(event: SchedulerEvent): Promise<void> {
    if (event.subscribed !== undefined) {
      frameworkId = event.subscribed.frameworkId;
      frameworkInfo.id = frameworkId;
      backoff.reset();
    }
    try {
      await onEvent(event);
    } catch (error) {
      handlerFailure = { error };
      throw error;
    }
    if (event.type !== Event_Type.ERROR) return;
    throw new MesosError(`the master refuses the framework: ${event.error?.message}`, { code: 'conflict' });
  }

  async function attempt(): Promise<void> {
    const leader = await detector.detect(undefined, closing.signal);
    tried = leader;
    if (leader === undefined) return;
    await subscribeToLeader({
      transport,
      detector,
      leader,
      body: encode(subscribeCall()),
      onStream: (address) => {
        stream = address;
      },
      onEvent: take,
      mostMissedHeartbeats,
      ...(largestRecordBytes === undefined ? {} : { largestRecordBytes }),
      clock,
      signal: closing.signal,
    });
  }

  function onFailure(error: unknown): void {
    if (handlerFailure !== undefined) throw handlerFailure.error;
    if (error instanceof MesosError && finalCodes.has(error.code)) throw error;
    onDisconnected?.(error);
  }

  /** Another master leads, or none: that the last one did not answer says nothing of the next. */
  async function leaderChanged(signal: AbortSignal): Promise<void> {
    await detector.detect(tried, signal);
    backoff.reset();
  }

  const done = keepTrying({
    ...{ attempt, onFailure, backoff, clock },
    changed: leaderChanged,
    signal: closing.signal,
  });
  done.catch(() => undefined); // whoever wants to know asks `done`

  return {
    get frameworkId() {
      return frameworkId?.value;
    },
    get subscribed() {
      return stream !== undefined && frameworkId !== undefined;
    },
    async call(init) {
      if (stream === undefined || frameworkId === undefined) {
        throw new MesosError('not subscribed to a master', { code: 'unavailable', retryable: true });
      }
      const { url, id, left } = stream;
      const body = encode(create(CallSchema, init));
      const headers = { 'mesos-stream-id': id };
      try {
        const answer = await transport.post({
          url,
          body,
          headers,
          signal: AbortSignal.any([left, closing.signal]),
        });
        await requireSuccess(answer);
        await answer.body.dump();
      } catch (cause) {
        if (!left.aborted || closing.signal.aborted) throw cause;
        throw new MesosError(`no answer from ${url.origin}, and another master leads`, {
          code: 'outcome-unknown',
          cause,
        });
      }
    },
    done,
    close: () => closing.abort(new MesosError('the client was closed', { code: 'closed' })),
  };
}
