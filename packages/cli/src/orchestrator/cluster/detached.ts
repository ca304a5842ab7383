/** `cluster up --detach`: the same command once more, without a terminal. */
import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { makeFolder, sleep } from '@orchestrator/runtime';
import type { CommandContext } from '../../program/context.ts';
import { CliError } from '../../program/errors.ts';
import { readClusterRecord } from './record.ts';
import { logFileOf } from './work-folder.ts';

const pollMs = 50;
const logTailBytes = 3_000;

/** Resolves once it is ready. @throws CliError with what it said when it ends before */
export async function startDetached(folder: string, { clock, signal }: CommandContext): Promise<void> {
  await makeFolder(folder, 0o755);
  const logFile = logFileOf(folder, 'cluster');
  const log = await open(logFile, 'w', 0o600);
  try {
    const args = process.argv.slice(1).filter((arg) => arg !== '--detach' && arg !== '--json');
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    while (child.exitCode === null && child.signalCode === null) {
      const record = await readClusterRecord(folder);
      if (record?.ready === true && record.supervisor.pid === child.pid) {
        child.unref();
        signal.removeEventListener('abort', stop);
        return;
      }
      await sleep(clock, pollMs);
    }
  } finally {
    await log.close();
  }
  signal.throwIfAborted();
  const text = await readFile(logFile, 'utf8');
  throw new CliError('unavailable', `the cluster did not start:\n${text.slice(-logTailBytes).trimEnd()}`);
}
