/** Answers and events of megabytes are written in slices. */
import {
  type BodyFormat,
  type EncodedParts,
  encodeMessageParts,
  type MessageShape,
  type Valid,
  writeJsonChunks,
} from '@orchestrator/mesos';
import type { Slicer } from './slicer.ts';

type Descriptor = Parameters<typeof encodeMessageParts>[0];

/** JSON as `encodeMessageParts` does it for protobuf. */
function* jsonParts(
  schema: Descriptor,
  message: MessageShape<Descriptor>,
): Generator<undefined, EncodedParts> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of writeJsonChunks(schema, message)) {
    parts.push(chunk);
    bytes += chunk.length;
    yield;
  }
  return { parts, bytes };
}

/** The whole of it, with turns for others while it is written. */
export function encodeInSlices<Desc extends Descriptor>(
  slicer: Slicer,
  format: BodyFormat,
  schema: Desc,
  message: Valid<Desc> | MessageShape<Desc>,
): Promise<EncodedParts> {
  const encode = format === 'json' ? jsonParts : encodeMessageParts;
  return slicer.run(encode(schema, message as MessageShape<Desc>));
}
