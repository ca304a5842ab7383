import { execFile } from 'node:child_process';
import { TestingError } from './errors.ts';

const largestOutputBytes = 16 * 1024 * 1024;

export interface CommandResult {
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end.
 *
 * @throws TestingError `CommandFailed` with what it printed on standard error, when it fails or takes longer than
 * `timeoutMs` (default 60000); `MissingProgram` when there is no such command
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { timeoutMs?: number; input?: string } = {},
): Promise<CommandResult> {
  const { timeoutMs = 60_000, input } = options;
  return new Promise((resolve, reject) => {
    const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: largestOutputBytes };
    const child = execFile(command, args, limits, (cause, stdout, stderr) => {
      if (cause === null) return resolve({ stdout, stderr });
      const line = [command, ...args].join(' ');
      const missing = cause.code === 'ENOENT';
      const reason = child.killed ? `took longer than ${timeoutMs} ms` : stderr.trim() || cause.message;
      return reject(
        missing
          ? new TestingError('MissingProgram', `there is no ${command} on this machine; run scripts/setup`, {
              cause,
            })
          : new TestingError('CommandFailed', `${line}: ${reason}`, { cause }),
      );
    });
    // A command that does not read its input closes the pipe early, which is its right.
    child.stdin?.on('error', () => child.stdin?.destroy());
    child.stdin?.end(input);
  });
}
