import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { BlockPool, inBlocks } from '../bytes/blocks.ts';
import { deepestSplit, isLongList, longList } from '../messages/long-list.ts';
import type { Valid } from '../messages/message.ts';
import { styleOf } from './names.ts';
import { type FieldPlan, type Fields, planOf, type WriteJsonOptions } from './write.ts';

export interface WriteJsonChunksOptions extends WriteJsonOptions {
  /** Where chunks are taken from; give them back when they are sent. Default: one of its own. */
  blocks?: BlockPool;
}

/** The messages of a list, one by one, those with long lists of their own in pieces. */
function* itemsOf({ item: write, itemFields }: FieldPlan, items: Iterable<unknown>): Generator<string> {
  const plan = itemFields?.() ?? [];
  const lists = plan.filter(({ item }) => item !== undefined);
  const isLong = (message: Fields) =>
    lists.some(({ local }) => (message[local] as readonly unknown[]).length > longList);
  let before = '[';
  for (const item of items) {
    if (isLong(item as Fields)) {
      yield before;
      yield* piecesOf(plan, item as Fields, deepestSplit);
    } else yield before + write?.(item);
    before = ',';
  }
  yield ']';
}

/** Text in pieces: one for each message of a list near the top, one for each field that is none. */
function* piecesOf(plan: readonly FieldPlan[], message: Fields, depth: number): Generator<string> {
  let separator = '{';
  for (const field of plan) {
    const value = message[field.local];
    if (field.item !== undefined && isLongList(value)) {
      yield separator + field.key;
      yield* itemsOf(field, value);
    } else if (field.fields !== undefined && value !== undefined && depth < deepestSplit) {
      yield separator + field.key;
      yield* piecesOf(field.fields(), value as Fields, depth + 1);
    } else {
      const text = field.text(message);
      if (text === undefined) continue;
      yield separator + field.key + text;
    }
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/**
 * As `writeJson`, in chunks of bytes, for answers of megabytes: whoever sends them can let others have their turn in
 * between. Also the faster way for these, as no string of the whole is ever made. The message must not change meanwhile.
 * Its long lists may be `madeWhenRead`.
 */
export function writeJsonChunks<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc> | Valid<Desc>,
  { names, sorted, blocks = new BlockPool() }: WriteJsonChunksOptions = {},
): Generator<Buffer> {
  const plan = planOf(schema, styleOf(names, sorted));
  return inBlocks(piecesOf(plan, message as unknown as Fields, 1), blocks);
}
