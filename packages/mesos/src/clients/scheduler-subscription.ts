import type { Clock } from '@orchestrator/runtime/clock';
import { MesosError } from '../errors.ts';
import { EventSchema } from '../generated/mesos/v1/scheduler/scheduler_pb.ts';
import type { Valid } from '../messages/message.ts';
import { equalLeaders, type Leader, type MasterDetector } from './detector.ts';
import { readEvents } from './event-stream.ts';
import { watchHeartbeats } from './heartbeats.ts';
import { apiUrl } from './leader-url.ts';
import { requireSuccess, type Transport } from './transport.ts';

/** Where calls of a subscription go, and under which id. */
export interface StreamAddress {
  url: URL;
  id: string;
  /** Another master leads: nothing that is still asked here will be answered, and what it says counts no more. */
  left: AbortSignal;
}

export interface SchedulerSubscriptionOptions {
  transport: Transport;
  detector: MasterDetector;
  leader: Leader;
  /** The SUBSCRIBE call. */
  body: string | Uint8Array;
  /** The master has taken it, events follow; undefined: it is over. */
  onStream: (stream: StreamAddress | undefined) => void;
  onEvent: (event: Valid<typeof EventSchema>) => Promise<void>;
  mostMissedHeartbeats: number;
  largestRecordBytes?: number;
  clock: Clock;
  signal: AbortSignal;
}

const lost = (message: string) => new MesosError(message, { code: 'unavailable', retryable: true });

/** The stream of events, until it ends: always by an error. */
async function hear(
  options: SchedulerSubscriptionOptions,
  { signal, left }: { signal: AbortSignal; left: AbortSignal },
  giveUp: (reason: unknown) => void,
): Promise<never> {
  const { transport, leader, body, onStream, onEvent, mostMissedHeartbeats, largestRecordBytes, clock } =
    options;
  const url = apiUrl(transport.scheme, leader, '/api/v1/scheduler');
  const answer = await transport.post({ url, body, stream: true, signal });
  await requireSuccess(answer);
  const { origin } = answer.url;
  const heartbeats = watchHeartbeats(clock, (silenceMs) =>
    giveUp(lost(`nothing from ${origin} for ${Math.round(silenceMs)} ms`)),
  );
  onStream({ url: answer.url, id: String(answer.headers['mesos-stream-id'] ?? ''), left });
  try {
    const limits = largestRecordBytes === undefined ? {} : { largestRecordBytes };
    const how = { format: transport.format, onRecord: heartbeats.heard, ...limits };
    for await (const event of readEvents(answer, EventSchema, how)) {
      const intervalSeconds = event.subscribed?.heartbeatIntervalSeconds ?? 0;
      if (intervalSeconds > 0) heartbeats.expect(1_000 * intervalSeconds * mostMissedHeartbeats);
      heartbeats.hold(true);
      await onEvent(event);
      heartbeats.hold(false);
    }
  } finally {
    heartbeats.stop();
    onStream(undefined);
  }
  throw lost(`${origin} ended the stream`);
}

/** One subscription to one leader. Ends by an error: of the connection, of silence, or because another master leads. */
export async function subscribeToLeader(options: SchedulerSubscriptionOptions): Promise<never> {
  const { detector, leader } = options;
  const [attempt, leaving] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([attempt.signal, leaving.signal, options.signal]);
  detector.detect(leader, signal).then(
    (next) => {
      if (!equalLeaders(next, leader)) leaving.abort(lost('another master leads'));
    },
    () => undefined, // the attempt is over, or the next one will hear of it
  );
  try {
    return await hear(options, { signal, left: leaving.signal }, (reason) => attempt.abort(reason));
  } catch (error) {
    if (leaving.signal.aborted) throw leaving.signal.reason;
    throw attempt.signal.aborted ? attempt.signal.reason : error;
  } finally {
    attempt.abort();
  }
}
