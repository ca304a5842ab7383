import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { readJson } from '../json/read.ts';
import { writeJson } from '../json/write.ts';
import { decodeMessage, encodeMessage, type Valid } from '../messages/message.ts';

/** How bodies and events are written. */
export type BodyFormat = 'json' | 'protobuf';

export const mediaTypes: Readonly<Record<BodyFormat, string>> = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
};

/** Streams of calls and of output on the agent's API; events come without it. */
export const recordMediaType = 'application/recordio';

export function encodeBody<Desc extends DescMessage>(
  format: BodyFormat,
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
): string | Uint8Array {
  return format === 'json' ? writeJson(schema, message) : encodeMessage(schema, message);
}

/** Throws `MesosError` (`invalid`). */
export function decodeBody<Desc extends DescMessage>(
  format: BodyFormat,
  schema: Desc,
  body: Buffer,
): Valid<Desc> {
  return format === 'json' ? readJson(schema, body.toString()) : decodeMessage(schema, body);
}
