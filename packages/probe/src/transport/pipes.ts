import type { Duplex } from 'node:stream';
import { ProbeError } from '../errors.ts';

/** Pipes open at once over one connection. */
export const pipeLimit = 100;
/** Bytes that wait for a container that does not read. */
export const inputLimitBytes = 1024 * 1024;
/** Larger pieces are split, so that reports get through between them. */
const pieceBytes = 32 * 1024;

export interface PipesOptions {
  /** Sends bytes to the app; false if it shall not be called again before `drained`. */
  readonly bytes: (pipeId: string, bytes: Buffer) => boolean;
  readonly ended: (pipeId: string, error: string) => void;
}

export type Pipes = ReturnType<typeof createPipes>;

/** The pipes of one connection. When the app reads slowly, all of them wait. */
export function createPipes({ bytes, ended }: PipesOptions) {
  const pipes = new Map<string, Duplex>();

  const forward = (pipeId: string, chunk: Buffer) => {
    let goesOn = true;
    for (let at = 0; at < chunk.length; at += pieceBytes)
      goesOn = bytes(pipeId, chunk.subarray(at, at + pieceBytes));
    if (!goesOn) for (const pipe of pipes.values()) pipe.pause();
  };

  const end = (pipeId: string, error: string) => {
    const pipe = pipes.get(pipeId);
    if (pipe === undefined) return;
    pipes.delete(pipeId);
    pipe.destroy();
    ended(pipeId, error);
  };

  return {
    /** @throws ProbeError `limit` */
    open(pipeId: string, pipe: Duplex): void {
      if (pipes.size >= pipeLimit) {
        pipe.destroy();
        throw new ProbeError(`${pipeLimit} pipes are open to this app already`, {
          code: 'limit',
          remedy: 'close a terminal or a log',
        });
      }
      pipes.set(pipeId, pipe);
      pipe.on('data', (chunk: Buffer) => forward(pipeId, chunk));
      pipe.once('end', () => end(pipeId, ''));
      pipe.once('close', () => end(pipeId, ''));
      pipe.on('error', (error) => end(pipeId, error.message));
    },
    /** Bytes from the app. */
    write(pipeId: string, chunk: Uint8Array): void {
      const pipe = pipes.get(pipeId);
      if (pipe === undefined) return; // it has just ended here
      pipe.write(chunk);
      if (pipe.writableLength > inputLimitBytes)
        end(pipeId, `more than ${inputLimitBytes} bytes wait to be read`);
    },
    /** The app has closed it. */
    close(pipeId: string): void {
      const pipe = pipes.get(pipeId);
      pipes.delete(pipeId);
      pipe?.destroy();
    },
    drained(): void {
      for (const pipe of pipes.values()) pipe.resume();
    },
    closeAll(): void {
      for (const pipeId of [...pipes.keys()]) this.close(pipeId);
    },
  };
}
