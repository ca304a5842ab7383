import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

/**
 * Files of the kernel are read synchronously: they come from memory, in tens of microseconds, and an asynchronous read
 * takes several times the processor time for its way through the thread pool.
 */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * The kernel hands out its lists a page at a time, and ends a piece early only if the next line does not fit. Where lines are short,
 * a piece so much smaller than a page is the last one, and need not be asked for more.
 */
const lastPieceBytes = 2_048;

/** From its beginning to its end; undefined if the kernel refuses. */
function readWhole(file: number, hasShortLines: boolean): string | undefined {
  const enough = hasShortLines ? lastPieceBytes : 1;
  try {
    let length = 0;
    for (;;) {
      const count = readSync(file, shared, length, shared.length - length, length);
      length += count;
      if (count < enough || length === shared.length) return shared.toString('latin1', 0, length);
    }
  } catch {
    return undefined; // what it tells of has ended
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined; // a process or container that has just ended
  }
}

/** The text of a file of the kernel, 256 KiB at most; undefined if it is not there or not to be read. */
export const readKernelFile = (path: string): string | undefined => readFrom(path, false);

/** As `readKernelFile`, at less cost, for files whose lines are known to be shorter than 2 KiB. */
export const readShortLines = (path: string): string | undefined => readFrom(path, true);

function readFrom(path: string, hasShortLines: boolean): string | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    return readWhole(file, hasShortLines);
  } finally {
    closeSync(file);
  }
}

/** Of a long list of the kernel, 16 MiB at most. */
const longestListBytes = 16 * 2 ** 20;

/** Shows the lines of a long list one by one; nothing if it is not there or not to be read. */
export function eachLine(path: string, line: (line: string) => void): void {
  const file = openIfThere(path);
  if (file === undefined) return;
  let rest = '';
  try {
    for (let position = 0; position < longestListBytes; ) {
      const count = readSync(file, shared, 0, 64 * 1024, position);
      if (count === 0) return;
      position += count;
      const lines = (rest + shared.toString('latin1', 0, count)).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) line(one);
    }
  } catch {
    // What it tells of has ended.
  } finally {
    closeSync(file);
  }
}

/** A file of short lines that is read again and again. */
export interface KernelFile {
  /** As `readShortLines`. */
  read(): string | undefined;
  close(): void;
}

/** Files kept open; others are opened for each reading, which costs three times as much. */
const keptLimit = 4_096;
let kept = 0;

/** To be used for control groups only: an open file of `/proc/<pid>/net` would keep a network namespace from ending. */
export function kernelFile(path: string): KernelFile {
  let file: number | undefined;
  const close = () => {
    if (file === undefined) return;
    closeSync(file);
    file = undefined;
    kept--;
  };
  return {
    read() {
      if (file === undefined) {
        if (kept >= keptLimit) return readShortLines(path);
        file = openIfThere(path);
        if (file === undefined) return undefined;
        kept++;
      }
      const text = readWhole(file, true);
      if (text === undefined) close();
      return text;
    },
    close,
  };
}

/** As `readKernelFile`, for text that people wrote. */
export function readKernelText(path: string): string | undefined {
  const bytes = readKernelFile(path);
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1').toString('utf8');
}

export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // gone, or not for us
  }
}

export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // gone, or not for us
  }
}
