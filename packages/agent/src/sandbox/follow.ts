/** What is written into `stdout` and `stderr` of a sandbox, as it is written. */
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '@orchestrator/runtime/clock';

export interface FollowOptions {
  sandbox: string;
  /** Resolves when nothing more is written. */
  ended: Promise<unknown>;
  signal: AbortSignal;
  clock: Clock;
  /** What it returns holds back more. */
  take: (chunk: { stream: 'stdout' | 'stderr'; data: Buffer }) => Promise<void>;
}

const lookIntervalMs = 100;
const pieceBytes = 65_536;

interface Place {
  inode: number;
  offset: number;
}

async function endOf(path: string): Promise<Place> {
  const found = await stat(path).catch(() => undefined);
  return { inode: found?.ino ?? 0, offset: found?.size ?? 0 };
}

/** From a place to the end; the rest of a file that was rotated in between is left out. */
async function readOn(path: string, place: Place, take: (data: Buffer) => Promise<void>): Promise<Place> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return place;
  try {
    const { ino: inode, size } = await file.stat();
    // Another file, or one that was shortened from the front.
    let offset = inode === place.inode ? Math.min(place.offset, size) : 0;
    const buffer = Buffer.alloc(pieceBytes);
    while (offset < size) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, offset);
      if (bytesRead === 0) break;
      await take(Buffer.from(buffer.subarray(0, bytesRead)));
      offset += bytesRead;
    }
    return { inode, offset };
  } finally {
    await file.close();
  }
}

/** From now on, until all that was written before `ended` is taken, or the signal. */
export async function followSandbox({ sandbox, ended, signal, clock, take }: FollowOptions): Promise<void> {
  const names = ['stdout', 'stderr'] as const;
  const places = new Map<string, Place>();
  for (const name of names) places.set(name, await endOf(join(sandbox, name)));
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over);
  while (!signal.aborted) {
    const wasOver = isOver;
    for (const name of names) {
      const place = places.get(name) ?? { inode: 0, offset: 0 };
      const next = await readOn(join(sandbox, name), place, (data) => take({ stream: name, data }));
      places.set(name, next);
    }
    if (wasOver) return;
    await sleep(clock, lookIntervalMs, signal).catch(() => undefined); // the loop ends by itself
  }
}
