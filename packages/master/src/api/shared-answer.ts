import { type BlockPool, inBlocks } from '@orchestrator/mesos';
import type { Slicer } from './slicer.ts';

const sharedAnswerLimits = {
  /** Of all answers that somebody still reads. Beyond it each reader has its own made, no faster than it reads. */
  keptBytes: 256 * 1024 * 1024,
} as const;

/** Blocks of an answer, to be read once, and each given back when it is sent. */
export interface Blocks {
  readonly chunks: AsyncIterable<Buffer> | Iterable<Buffer>;
  readonly onSent: (block: Uint8Array) => void;
}

/** Begins to make an answer, in blocks of the pool. */
type MakeChunks = () => Iterable<Buffer> | AsyncIterable<Buffer>;

/** A long answer that is made once, for all that have asked by then; each reads it at its own pace. */
class SharedAnswer {
  readonly #chunks: (Buffer | undefined)[] = [];
  /** Of the chunks that are kept: where they are, and how many have not sent them yet. */
  readonly #kept = new Map<Uint8Array, { readonly index: number; left: number }>();
  readonly #blocks: BlockPool;
  readonly #onSize: (change: number) => void;
  #state: 'waiting' | 'making' | 'done' = 'waiting';
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void)[] = [];
  #bytes = 0;
  #readers = 0;

  constructor(blocks: BlockPool, onSize: (change: number) => void) {
    this.#blocks = blocks;
    this.#onSize = onSize;
  }

  /** It can be joined: nothing has been looked up for it yet. */
  get isOpen(): boolean {
    return this.#state === 'waiting';
  }

  /** Never rejects: whoever reads it is told. Ends early when nobody reads it any more. */
  async make(chunks: MakeChunks, slicer: Slicer): Promise<void> {
    try {
      await slicer.pause();
      this.#state = 'making';
      for await (const block of chunks()) {
        if (this.#readers === 0) break;
        if (block.length > 0) {
          this.#kept.set(block, { index: this.#chunks.push(block) - 1, left: this.#readers });
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
    this.#forgetIfOver();
  }

  /** Whoever asks for it reads it: all that is made from now on is kept for them. */
  read(): Blocks {
    this.#readers++;
    return { chunks: this.#read(), onSent: (block) => this.#sent(block) };
  }

  async *#read(): AsyncGenerator<Buffer> {
    let index = 0;
    try {
      for (; ; index++) {
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
      for (const chunk of this.#chunks.slice(index + 1)) if (chunk !== undefined) this.#sent(chunk);
      this.#forgetIfOver();
    }
  }

  /** By one reader; the last one gives the memory back. One that is gone may never say so: then it is the collector's. */
  #sent(block: Uint8Array): void {
    const kept = this.#kept.get(block);
    if (kept === undefined || --kept.left > 0) return;
    this.#kept.delete(block);
    this.#chunks[kept.index] = undefined;
    if (!this.#isOver) this.#grow(-block.length);
    this.#blocks.give(block);
  }

  /** Nobody waits for any of it, whatever readers that are gone have not said. */
  get #isOver(): boolean {
    return this.#readers === 0 && this.#state === 'done';
  }

  #forgetIfOver(): void {
    if (this.#isOver) this.#grow(-this.#bytes);
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
  readonly #blocks: BlockPool;
  readonly #current = new Map<string, { readonly answer: SharedAnswer; readonly made: Promise<void> }>();
  #keptBytes = 0;

  constructor(slicer: Slicer, blocks: BlockPool) {
    this.#slicer = slicer;
    this.#blocks = blocks;
  }

  /** A text. @param kind - what is asked for, and by whom where that matters to the answer */
  read(kind: string, pieces: () => Iterable<string>): Blocks {
    return this.readBlocks(kind, () => inBlocks(pieces(), this.#blocks));
  }

  /** As `read`, for what comes in blocks of the pool already. */
  readBlocks(kind: string, chunks: MakeChunks): Blocks {
    const blocks = this.#blocks;
    if (this.#keptBytes > sharedAnswerLimits.keptBytes) {
      return { chunks: chunks(), onSent: (block) => blocks.give(block) };
    }
    const current = this.#current.get(kind);
    if (current?.answer.isOpen === true) return current.answer.read();
    const answer = new SharedAnswer(blocks, (change) => {
      this.#keptBytes += change;
    });
    const made = (current?.made ?? Promise.resolve())
      .then(() => answer.make(chunks, this.#slicer))
      .then(() => {
        if (this.#current.get(kind)?.answer === answer) this.#current.delete(kind);
      });
    this.#current.set(kind, { answer, made });
    return answer.read();
  }
}
