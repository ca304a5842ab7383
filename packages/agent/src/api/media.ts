/** What a request to `/api/v1` is written in, and what its answer is to be written in: one message, or a stream of them. */
import type { IncomingHttpHeaders } from 'node:http';
import {
  answerFormat,
  type BodyFormat,
  callFormat,
  HttpRefusal,
  mediaTypes,
  recordMediaType,
} from '@orchestrator/mesos';

/** Of a call to the agent. */
export const largestCallBytes = 16 * 1024 * 1024;

export interface Media {
  format: BodyFormat;
  isStream: boolean;
}

const headerText = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

/** @throws HttpRefusal */
export function requestMedia(headers: IncomingHttpHeaders): Media {
  if (headers['content-type'] !== recordMediaType) {
    if (headers['message-content-type'] !== undefined) {
      throw new HttpRefusal(415, "Expecting 'Message-Content-Type' to be not set for non-streaming requests");
    }
    return { format: callFormat(headers['content-type']), isStream: false };
  }
  const inside = headerText(headers['message-content-type']);
  if (inside === undefined) {
    throw new HttpRefusal(400, "Expecting 'Message-Content-Type' to be set for streaming requests");
  }
  return { format: callFormat(inside), isStream: true };
}

/** @throws HttpRefusal */
export function answerMedia(headers: IncomingHttpHeaders): Media {
  const inside = headerText(headers['message-accept']);
  if (headers.accept !== recordMediaType) {
    if (inside === undefined) return { format: answerFormat(headers.accept), isStream: false };
    throw new HttpRefusal(406, "Expecting 'Message-Accept' to be not set for non-streaming responses");
  }
  return { format: answerFormat(inside), isStream: true };
}

/** Headers of an answer that is a stream of records. */
export function streamHeaders({ format, isStream }: Media): Record<string, string> {
  if (!isStream) return { 'Content-Type': mediaTypes[format] };
  return { 'Content-Type': recordMediaType, 'Message-Content-Type': mediaTypes[format] };
}
