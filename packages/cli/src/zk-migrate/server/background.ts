/** A server that goes on when the command that started it has ended. */
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Clock, sleep } from '@orchestrator/runtime';
import { CliError } from '../../program/errors.ts';
import { findServer, isAlive, logFileOf, makeWorkFolder, type ServerRecord } from './work-folder.ts';

const program = fileURLToPath(new URL('../main.ts', import.meta.url));
const startTimeoutMs = 30_000;
const pollMs = 50;

export interface BackgroundOptions {
  readonly workFolder: string;
  /** Further arguments of `serve`. */
  readonly args: readonly string[];
  readonly clock: Clock;
}

/** Resolves once the server answers. @throws CliError with its log's place when it does not start */
export async function startInBackground(options: BackgroundOptions): Promise<ServerRecord> {
  const { workFolder, args, clock } = options;
  await makeWorkFolder(workFolder);
  const log = await open(logFileOf(workFolder), 'a', 0o600);
  try {
    const child = spawn(
      process.execPath,
      [...process.execArgv, program, 'serve', `--work-dir=${workFolder}`, ...args],
      { detached: true, stdio: ['ignore', log.fd, log.fd] },
    );
    child.unref();
    const deadlineMs = clock.monotonicMs() + startTimeoutMs;
    while (clock.monotonicMs() < deadlineMs && child.exitCode === null) {
      const record = await findServer(workFolder);
      if (record?.pid === child.pid && record !== undefined) return record;
      await sleep(clock, pollMs);
    }
  } finally {
    await log.close();
  }
  throw new CliError('unavailable', 'the server in the background did not start', {
    remedy: `see the end of ${logFileOf(workFolder)}`,
  });
}

const stopTimeoutMs = 60_000;

/** SIGTERM, and the end of the process. @throws CliError `timeout` */
export async function stopServer({ pid }: ServerRecord, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + stopTimeoutMs;
  process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) {
    if (clock.monotonicMs() > deadlineMs)
      throw new CliError(
        'timeout',
        `the server (process ${pid}) did not end within ${stopTimeoutMs / 1_000} s`,
      );
    await sleep(clock, pollMs);
  }
}
