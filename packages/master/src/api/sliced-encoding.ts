/** Answers and events of megabytes are written in slices. */
import {
  type BlockPool,
  type BodyFormat,
  encodeMessageParts,
  type MessageShape,
  type Parts,
  type Valid,
  writeJsonChunks,
} from '@orchestrator/mesos';
import type { Slicer } from './slicer.ts';

type Descriptor = Parameters<typeof encodeMessageParts>[0];

/** JSON as `encodeMessageParts` does it for protobuf. */
function* jsonParts(
  schema: Descriptor,
  message: MessageShape<Descriptor>,
  blocks: BlockPool,
): Generator<undefined, Parts> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const chunk of writeJsonChunks(schema, message, { blocks })) {
    parts.push(chunk);
    bytes += chunk.length;
    yield;
  }
  return { parts, bytes };
}

interface SlicedEncoding {
  readonly slicer: Slicer;
  /** Where the memory comes from: each part is given back when it is sent. */
  readonly blocks: BlockPool;
}

/** The whole of it, with turns for others while it is written. */
export function encodeInSlices<Desc extends Descriptor>(
  { slicer, blocks }: SlicedEncoding,
  format: BodyFormat,
  schema: Desc,
  message: Valid<Desc> | MessageShape<Desc>,
): Promise<Parts> {
  const encode = format === 'json' ? jsonParts : encodeMessageParts;
  return slicer.run(encode(schema, message as MessageShape<Desc>, blocks));
}
