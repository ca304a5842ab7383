import type { Slicer } from './slicer.ts';

const sharedAnswerLimits = {
  /** Of all answers that somebody still reads. Beyond it each reader has its own made, no faster than it reads. */
  keptBytes: 256 * 1024 * 1024,
} as const;

const blockBytes = 64 * 1024;
const nothing = Buffer.alloc(0);
/** Of a character of UTF-16 in UTF-8. */
const mostBytesEach = 3;

/**
 * Small pieces cost a write each: they are put together to blocks. Written one by one, as to join texts first copies each
 * once more. An empty piece stands for work of its own, and comes out as an empty block.
 */
function* inBlocks(pieces: Iterable<string>): Generator<Buffer> {
  let block = Buffer.allocUnsafe(blockBytes);
  let used = 0;
  for (const piece of pieces) {
    if (piece === '') {
      yield nothing;
      continue;
    }
    const mostBytes = piece.length * mostBytesEach;
    if (used > 0 && used + mostBytes > blockBytes) {
      yield block.subarray(0, used);
      block = Buffer.allocUnsafe(blockBytes);
      used = 0;
    }
    if (mostBytes > blockBytes) yield Buffer.from(piece);
    else used += block.write(piece, used);
  }
  if (used > 0) yield block.subarray(0, used);
}

/** A long answer that is made once, for all that have asked by then; each reads it at its own pace. */
class SharedAnswer {
  readonly #chunks: Buffer[] = [];
  readonly #onSize: (change: number) => void;
  #state: 'waiting' | 'making' | 'done' = 'waiting';
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];
  #bytes = 0;
  #readers = 0;

  constructor(onSize: (change: number) => void) {
    this.#onSize = onSize;
  }

  /** It can be joined: nothing has been looked up for it yet. */
  get isOpen(): boolean {
    return this.#state === 'waiting';
  }

  /** Never rejects: whoever reads it is told. */
  async make(pieces: () => Iterable<string>, slicer: Slicer): Promise<void> {
    try {
      await slicer.pause();
      this.#state = 'making';
      for (const block of inBlocks(pieces())) {
        if (block.length > 0) {
          this.#chunks.push(block);
          this.#grow(block.length);
          this.#wakeAll();
        }
        await slicer.pause();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#state = 'done';
    this.#wakeAll();
    if (this.#readers === 0) this.#grow(-this.#bytes);
  }

  async *read(): AsyncGenerator<Buffer> {
    this.#readers++;
    try {
      for (let index = 0; ; index++) {
        while (index === this.#chunks.length && this.#state !== 'done') {
          await new Promise<void>((resolve) => this.#wake.push(resolve));
        }
        const chunk = this.#chunks[index];
        if (chunk !== undefined) yield chunk;
        else if (this.#failure !== undefined) throw this.#failure.error;
        else return;
      }
    } finally {
      this.#readers--;
      if (this.#readers === 0 && this.#state === 'done') this.#grow(-this.#bytes);
    }
  }

  #grow(change: number): void {
    this.#bytes += change;
    this.#onSize(change);
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/**
 * What many poll at a time is made for all of them together: whoever asks while an answer is being made gets the next one,
 * which begins when that is done. So two of a kind are made at most, and nobody is shown what was true before they asked.
 */
export class SharedAnswers {
  readonly #slicer: Slicer;
  readonly #current = new Map<string, { readonly answer: SharedAnswer; readonly made: Promise<void> }>();
  #keptBytes = 0;

  constructor(slicer: Slicer) {
    this.#slicer = slicer;
  }

  /** @param kind - what is asked for, and by whom where that matters to the answer */
  read(kind: string, pieces: () => Iterable<string>): AsyncIterable<Buffer> | Iterable<Buffer> {
    if (this.#keptBytes > sharedAnswerLimits.keptBytes) return inBlocks(pieces());
    const current = this.#current.get(kind);
    if (current?.answer.isOpen === true) return current.answer.read();
    const answer = new SharedAnswer((change) => {
      this.#keptBytes += change;
    });
    const made = (current?.made ?? Promise.resolve())
      .then(() => answer.make(pieces, this.#slicer))
      .then(() => {
        if (this.#current.get(kind)?.answer === answer) this.#current.delete(kind);
      });
    this.#current.set(kind, { answer, made });
    return answer.read();
  }
}
