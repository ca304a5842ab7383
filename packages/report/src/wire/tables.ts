import { ReportError } from '../errors.ts';

/** What a reader of frames accepts. A stream that goes beyond is refused, so that a probe cannot exhaust an app. */
export interface DecodeLimits {
  /** Of one frame. Default 32 MiB. */
  readonly frameBytes: number;
  /** Of one stream's table. Default 2,000,000. */
  readonly strings: number;
  /** UTF-16 units of one string. Default 65,536. */
  readonly stringLength: number;
  /** Of one frame. Default 200,000. */
  readonly nodes: number;
  /** Leaves of one kind of one node. Default 10,000. */
  readonly leavesPerNode: number;
}

export const defaultDecodeLimits: DecodeLimits = {
  frameBytes: 32 * 2 ** 20,
  strings: 2_000_000,
  stringLength: 65_536,
  nodes: 200_000,
  leavesPerNode: 10_000,
};

/** Gives each string a number, the same through all frames of a stream. */
export class StringWriter {
  readonly #numbers = new Map<string, number>([['', 0]]);
  #fresh: string[] = [];
  readonly #limit: number;

  /** `limit`: strings after which the table begins anew. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    this.#fresh.push(text);
    return number;
  }

  /** Before a frame: names that came and went must not fill the table for ever. */
  beginFrame(): void {
    if (this.#numbers.size > this.#limit) {
      this.#numbers.clear();
      this.#numbers.set('', 0);
    }
    this.#fresh = [];
  }

  /** After a frame: what the reader does not know yet, and where in its table it belongs. */
  fresh(): { first: number; strings: string[] } {
    const first = this.#numbers.size - this.#fresh.length;
    // A table that holds nothing older begins at 0, which tells the reader to forget its own.
    return { first: first === 1 ? 0 : first, strings: this.#fresh };
  }
}

/** The other side of `StringWriter`. */
export class StringReader {
  #strings: string[] = [''];
  readonly #limits: DecodeLimits;

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
  }

  add(first: number, strings: readonly string[]): void {
    if (first === 0) this.#strings = [''];
    else if (first !== this.#strings.length) {
      throw new ReportError(
        `a frame continues a table of ${first} strings, but ${this.#strings.length} were read`,
        { code: 'invalid' },
      );
    }
    if (this.#strings.length + strings.length > this.#limits.strings) {
      throw new ReportError(`a stream has more than ${this.#limits.strings} strings`, { code: 'limit' });
    }
    for (const text of strings) {
      if (text.length > this.#limits.stringLength) {
        throw new ReportError(`a string of ${text.length} is longer than ${this.#limits.stringLength}`, {
          code: 'limit',
        });
      }
      this.#strings.push(text);
    }
  }

  text(number: number): string {
    const text = this.#strings[number];
    if (text === undefined) {
      throw new ReportError(`string ${number} is not in a table of ${this.#strings.length}`, {
        code: 'invalid',
      });
    }
    return text;
  }
}

/** Times of one frame; most leaves of a frame share a few. */
export class TimeWriter {
  readonly #indices = new Map<number, number>();
  readonly times: number[] = [];

  index(timeMs: number): number {
    const known = this.#indices.get(timeMs);
    if (known !== undefined) return known;
    const index = this.times.length;
    this.times.push(timeMs);
    this.#indices.set(timeMs, index);
    return index;
  }
}
