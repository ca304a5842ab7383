import { Readable } from 'node:stream';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema, ProcessIOSchema, ResponseSchema } from '../generated/mesos/v1/agent/agent_pb.ts';
import { decodeBody, encodeBody, mediaTypes, recordMediaType } from '../http/format.ts';
import type { Valid } from '../messages/message.ts';
import { encodeRecord } from '../recordio/encode.ts';
import { readEvents } from './event-stream.ts';
import { apiUrl } from './leader-url.ts';
import { createTransport, readBody, requireSuccess, type TransportOptions } from './transport.ts';

export interface AgentClientOptions extends TransportOptions {
  agent: { host: string; port: number };
}

type CallInit = MessageInitShape<typeof CallSchema>;

/** The operator API of one agent. */
export interface AgentClient {
  /** As `MasterClient.call`. */
  call(call: CallInit, signal?: AbortSignal): Promise<Valid<typeof ResponseSchema> | undefined>;
  /**
   * Output of a container: for ATTACH_CONTAINER_OUTPUT and LAUNCH_NESTED_CONTAINER_SESSION. Ends with the process.
   * `onOpen`: the agent has taken the call, so the process runs and input can be attached; it may write nothing for long.
   */
  output(
    call: CallInit,
    signal?: AbortSignal,
    onOpen?: () => void,
  ): AsyncGenerator<Valid<typeof ProcessIOSchema>>;
  /** ATTACH_CONTAINER_INPUT: the call that names the container first, then its input. Resolves when the agent has taken it all. */
  input(calls: AsyncIterable<CallInit> | Iterable<CallInit>, signal?: AbortSignal): Promise<void>;
}

export function createAgentClient(options: AgentClientOptions): AgentClient {
  const transport = createTransport(options);
  const { format } = transport;
  const url = apiUrl(transport.scheme, options.agent, '/api/v1');
  const encode = (init: CallInit) => encodeBody(format, CallSchema, create(CallSchema, init));

  async function* records(calls: AsyncIterable<CallInit> | Iterable<CallInit>): AsyncGenerator<Buffer> {
    for await (const call of calls) yield encodeRecord(encode(call));
  }

  return {
    async call(init, signal) {
      const answer = await transport.post({ url, body: encode(init), signal });
      await requireSuccess(answer);
      const body = await readBody(answer, transport.largestAnswerBytes);
      return body.length === 0 ? undefined : decodeBody(format, ResponseSchema, body);
    },
    async *output(init, signal, onOpen) {
      const headers = { accept: recordMediaType, 'message-accept': mediaTypes[format] };
      const answer = await transport.post({ url, body: encode(init), headers, stream: true, signal });
      await requireSuccess(answer);
      onOpen?.();
      yield* readEvents(answer, ProcessIOSchema, { format });
    },
    async input(calls, signal) {
      const headers = { 'content-type': recordMediaType, 'message-content-type': mediaTypes[format] };
      const body = Readable.from(records(calls), { objectMode: false });
      const answer = await transport.post({ url, body, headers, stream: true, signal });
      await requireSuccess(answer);
      await answer.body.dump();
    },
  };
}
