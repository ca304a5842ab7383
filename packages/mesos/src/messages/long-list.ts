/** Messages of megabytes are written in pieces, split at their lists: down to here, the event, its state, its tasks. */
export const deepestSplit = 4;

/** A message of a list that has a list of more than so many is split itself: a framework and its offers. */
export const longList = 64;

/**
 * A list of messages that are made when they are written and forgotten then: of tens of thousands only a few are there at a
 * time. For lists near the top of what goes to `writeJsonChunks` or `encodeMessageParts`; nothing else reads it.
 *
 * @returns an array by its type only, and an empty one for no items
 */
export function madeWhenRead<Item, Message>(items: Iterable<Item>, make: (item: Item) => Message): Message[] {
  const all = [...items];
  return all.length === 0 ? [] : (new MadeWhenRead(all, make) as unknown as Message[]);
}

class MadeWhenRead<Item, Message> implements Iterable<Message> {
  readonly #items: readonly Item[];
  readonly #make: (item: Item) => Message;

  constructor(items: readonly Item[], make: (item: Item) => Message) {
    this.#items = items;
    this.#make = make;
  }

  *[Symbol.iterator](): Iterator<Message> {
    for (const item of this.#items) yield this.#make(item);
  }
}

/** A list with something in it. */
export const isLongList = (value: unknown): value is Iterable<unknown> =>
  value instanceof MadeWhenRead || (Array.isArray(value) && value.length > 0);
