import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

/**
 * Files of the kernel are read synchronously: they come from memory, in tens of microseconds, and an asynchronous read
 * takes several times the processor time for its way through the thread pool.
 */
const shared = Buffer.allocUnsafeSlow(256 * 1024);

/** The text of a file of the kernel, 256 KiB at most; undefined if it is not there or not to be read. */
export function readKernelFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined; // a process or container that has just ended
  }
  try {
    let length = 0;
    for (;;) {
      const count = readSync(file, shared, length, shared.length - length, null);
      length += count;
      if (count === 0 || length === shared.length) return shared.toString('latin1', 0, length);
    }
  } catch {
    return undefined; // it ended between the two calls, or the kernel refuses
  } finally {
    closeSync(file);
  }
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
