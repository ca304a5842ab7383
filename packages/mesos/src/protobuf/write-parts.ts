import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { BlockWriter, type Parts } from '../bytes/block-writer.ts';
import { BlockPool } from '../bytes/blocks.ts';
import { deepestSplit, isLongList, longList } from '../messages/long-list.ts';
import type { Valid } from '../messages/message.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Fields, fieldsOf, type ProtobufField, writeUnknown } from './write.ts';

/** Written between two turns for others: some fifty tasks. */
const sliceBytes = 16 * 1024;

/** Where it goes: small things are put together before they are copied to their block. */
interface Target {
  readonly small: ByteWriter;
  readonly blocks: BlockWriter;
}

function flush({ small, blocks }: Target): void {
  blocks.append(small.written);
  small.reset();
}

function* writeNested(
  target: Target,
  { tag }: ProtobufField,
  work: () => Generator<undefined, void>,
): Generator<undefined, void> {
  target.small.uint32(tag);
  flush(target);
  const length = target.blocks.open();
  yield* work();
  flush(target);
  target.blocks.close(length);
}

/** The messages of a list, one by one, those with long lists of their own in pieces. */
function* writeItems(
  target: Target,
  field: ProtobufField,
  items: Iterable<unknown>,
): Generator<undefined, void> {
  const plan = field.schema === undefined ? [] : fieldsOf(field.schema);
  const lists = plan.filter(({ item }) => item !== undefined);
  const isLong = (message: Fields) =>
    lists.some(({ local }) => (message[local] as readonly unknown[]).length > longList);
  for (const item of items) {
    if (isLong(item as Fields)) {
      yield* writeNested(target, field, () => writePieces(target, plan, item as Fields, deepestSplit));
    } else field.item?.(target.small, item);
    if (target.small.length < sliceBytes) continue;
    flush(target);
    yield;
  }
}

function* writePieces(
  target: Target,
  plan: readonly ProtobufField[],
  message: Fields,
  depth: number,
): Generator<undefined, void> {
  for (const field of plan) {
    const value = message[field.local];
    const { schema } = field;
    if (field.item !== undefined && isLongList(value)) yield* writeItems(target, field, value);
    else if (
      field.item === undefined &&
      schema !== undefined &&
      value !== undefined &&
      depth < deepestSplit
    ) {
      yield* writeNested(target, field, () =>
        writePieces(target, fieldsOf(schema), value as Fields, depth + 1),
      );
    } else field.write(target.small, message);
  }
  writeUnknown(target.small, message);
}

/**
 * Protobuf of a message of megabytes, in blocks of `pool`: yields now and then, so that whoever runs it can let others have
 * their turn. The message must not lose parts meanwhile; its long lists may be `madeWhenRead`. Lengths near the top are
 * written with more bytes than they need, which every reader takes. Throws as `encodeMessage`.
 */
export function* encodeMessageParts<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
  pool = new BlockPool(),
): Generator<undefined, Parts> {
  const target: Target = { small: new ByteWriter(), blocks: new BlockWriter(pool) };
  yield* writePieces(target, fieldsOf(schema), message as unknown as Fields, 1);
  flush(target);
  return target.blocks.finish();
}
