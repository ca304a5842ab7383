/** Runs one program to its end: bounded output, a deadline, and its input and result on pipes. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '@orchestrator/runtime';
import { MigrationError } from '../errors.ts';

const maxOutputBytes = 4 * 1024 * 1024;
const killAfterMs = 5_000;

export interface ProgramOptions {
  readonly argv: readonly string[];
  readonly input?: string | Readable;
  readonly environment?: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface ProgramResult {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxOutputBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/**
 * @throws MigrationError `unavailable` when it cannot be run, `timeout` when it does not end in time (it is then sent
 *   SIGTERM, and SIGKILL after 5 s), `cancelled` when the signal aborts
 */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const { argv, input, timeoutMs, clock, signal } = options;
  const [program = '', ...rest] = argv;
  signal?.throwIfAborted();
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.environment ?? process.env,
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  let ended: MigrationError | undefined;
  const end = (reason: MigrationError) => {
    ended ??= reason;
    child.kill('SIGTERM');
    clock.after(killAfterMs, () => child.kill('SIGKILL'), { background: true });
  };
  const abort = () => end(new MigrationError('cancelled', `${program} was told to stop`));
  const timer = clock.after(timeoutMs, () =>
    end(new MigrationError('timeout', `${program} did not end within ${timeoutMs / 1000} s`)),
  );
  signal?.addEventListener('abort', abort, { once: true });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (cause) =>
      reject(
        new MigrationError('unavailable', `${program} cannot be run: ${cause.message}`, {
          cause,
          remedy: 'name it by its absolute path, and let it be executable for the user of the coordinator',
        }),
      ),
    );
  });
  try {
    if (typeof input === 'object') {
      // A program that ends early closes its input; its exit code says more than the broken pipe.
      await Promise.race([closed, pipeline(input, child.stdin).catch(() => undefined)]);
    } else {
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
    }
    const exitCode = await closed;
    if (ended !== undefined) throw ended;
    return { exitCode, stdout: stdout(), stderr: stderr() };
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}
