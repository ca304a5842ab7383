/** Where the log of a master goes: standard error, a file under `--log_dir`, or both. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { createLogger, type Logger } from '@orchestrator/runtime';
import type { MasterConfig } from '../config.ts';

export async function openLog({ logFile, isQuiet }: MasterConfig): Promise<Logger> {
  const options = { name: 'master', level: 'debug' } as const;
  if (logFile === undefined) {
    return createLogger(
      isQuiet ? { ...options, stream: new Writable({ write: (_c, _e, done) => done() }) } : options,
    );
  }
  await mkdir(dirname(logFile), { recursive: true });
  const file = createWriteStream(logFile, { flags: 'a' });
  if (isQuiet) return createLogger({ ...options, stream: file });
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      process.stderr.write(line);
      file.write(line, done);
    },
  });
  return createLogger({ ...options, stream });
}
