import { truncate } from './style.ts';

export interface LiveArea {
  /** Replaces the lines drawn last. */
  draw(lines: readonly string[]): void;
  /** A line that stays, above the area. */
  print(line: string): void;
  /** Leaves the last drawing where it is and shows the cursor again. Idempotent. */
  end(): void;
}

export interface LiveAreaOptions {
  readonly write: (text: string) => void;
  readonly columns: () => number;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

/** The last lines of a terminal, redrawn in place. Nothing wraps: a wrapped line would break the count of lines. */
export function createLiveArea({ write, columns }: LiveAreaOptions): LiveArea {
  let drawn: readonly string[] = [];
  let height = 0;
  let hidden = false;
  const erase = () => (height === 0 ? '' : `\u001b[${height}A\u001b[0J`);
  const paint = (lines: readonly string[]) =>
    lines.map((line) => `${truncate(line, columns() - 1)}\n`).join('');
  return {
    draw(lines) {
      write(`${hidden ? '' : hideCursor}${erase()}${paint(lines)}`);
      hidden = true;
      drawn = lines;
      height = lines.length;
    },
    print(line) {
      write(`${erase()}${line}\n${paint(drawn)}`);
      height = drawn.length;
    },
    end() {
      if (hidden) write(showCursor);
      hidden = false;
      drawn = [];
      height = 0;
    },
  };
}
