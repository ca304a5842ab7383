import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  Call_Type,
  CallSchema,
  EventSchema,
  ResponseSchema,
} from '../generated/mesos/v1/master/master_pb.ts';
import { decodeBody, encodeBody } from '../http/format.ts';
import type { Valid } from '../messages/message.ts';
import type { MasterDetector } from './detector.ts';
import { readEvents } from './event-stream.ts';
import { apiUrl, awaitLeader } from './leader-url.ts';
import {
  type Answer,
  createTransport,
  readBody,
  requireSuccess,
  type TransportOptions,
} from './transport.ts';

export interface MasterClientOptions extends TransportOptions {
  detector: MasterDetector;
  /** Of one event. Default 64 MiB. */
  largestRecordBytes?: number;
}

/** The operator API of the leading master. */
export interface MasterClient {
  /**
   * One call. Resolves to the response, or to undefined for calls that have none. Throws `MesosError`: `invalid`,
   * `forbidden`, `not-found`, `conflict` with the master's own text, `unavailable` (retryable) while there is no leader
   * that is ready, `outcome-unknown` when the connection broke before the answer.
   */
  call(
    call: MessageInitShape<typeof CallSchema>,
    signal?: AbortSignal,
  ): Promise<Valid<typeof ResponseSchema> | undefined>;
  /**
   * What happens in the cluster, beginning with its whole state (SUBSCRIBED). Ends with the connection: subscribe again
   * for the state as it is then. Leaving the loop ends the subscription.
   */
  events(signal?: AbortSignal): AsyncGenerator<Valid<typeof EventSchema>>;
}

export function createMasterClient(options: MasterClientOptions): MasterClient {
  const { detector, largestRecordBytes } = options;
  const transport = createTransport(options);

  async function post(
    init: MessageInitShape<typeof CallSchema>,
    stream: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const leader = await awaitLeader(detector, signal);
    const answer = await transport.post({
      url: apiUrl(transport.scheme, leader, '/api/v1'),
      body: encodeBody(transport.format, CallSchema, create(CallSchema, init)),
      stream,
      signal,
    });
    await requireSuccess(answer);
    return answer;
  }

  return {
    async call(init, signal) {
      const answer = await post(init, false, signal);
      const body = await readBody(answer, transport.largestAnswerBytes);
      return body.length === 0 ? undefined : decodeBody(transport.format, ResponseSchema, body);
    },
    async *events(signal) {
      const answer = await post({ type: Call_Type.SUBSCRIBE }, true, signal);
      const { format } = transport;
      yield* readEvents(
        answer,
        EventSchema,
        largestRecordBytes === undefined ? { format } : { format, largestRecordBytes },
      );
    },
  };
}
