/** Runs a program of this machine to its end. */
import { execFile } from 'node:child_process';
import { AgentError } from '../errors.ts';

export interface ProgramOptions {
  environment?: NodeJS.ProcessEnv;
  input?: string;
  /** Default 60000. */
  timeoutMs?: number;
  /** Ends it. */
  signal?: AbortSignal;
}

const largestOutputBytes = 4 * 2 ** 20;

/**
 * @returns standard output
 * @throws AgentError `RuntimeUnavailable` when there is no such program, `LaunchFailed` with what it said otherwise
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { environment, input, timeoutMs = 60_000, signal } = options;
  const limits = {
    timeout: timeoutMs,
    killSignal: 'SIGKILL' as const,
    maxBuffer: largestOutputBytes,
    signal,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { ...limits, env: environment ?? process.env },
      (cause, stdout, stderr) => {
        if (cause === null) return resolve(stdout);
        if (cause.code === 'ENOENT') {
          return reject(
            new AgentError('RuntimeUnavailable', `there is no program ${program} here; install it`, {
              cause,
            }),
          );
        }
        const reason = child.killed
          ? `took longer than ${timeoutMs} ms`
          : stderr.trim() || stdout.trim() || cause.message;
        return reject(new AgentError('LaunchFailed', `${program} ${args.join(' ')}: ${reason}`, { cause }));
      },
    );
    // A program that does not read its input closes the pipe early, which is its right.
    child.stdin?.on('error', () => child.stdin?.destroy());
    child.stdin?.end(input);
  });
}
