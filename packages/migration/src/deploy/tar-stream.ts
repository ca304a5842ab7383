/** A program's standard output as one file of an archive. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ArchiveFile } from '../archive/records.ts';
import { MigrationError } from '../errors.ts';

export interface TarStreamOptions {
  /** In the archive. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Whose files they are, for errors. */
  readonly what: string;
}

const quotedBytes = 500;

/** @throws MigrationError `unavailable` with the end of its standard error when the program fails */
export async function* tarStream(options: TarStreamOptions): AsyncGenerator<ArchiveFile, void, undefined> {
  const { path, argv, input = '', environment = process.env, what } = options;
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  closed.catch(() => undefined); // told below, where it is awaited
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-quotedBytes);
  });
  child.stdin.on('error', () => child.stdin.destroy()); // it need not read its input
  child.stdin.end(input);
  try {
    yield { path, mode: 0o600, modifiedMs: 0, content: child.stdout };
    const [exitCode] = await closed;
    if (exitCode === 0) return;
    const why = said.trim() === '' ? `ended with ${exitCode ?? 'a signal'}` : said.trim();
    throw new MigrationError('unavailable', `${what} cannot be archived: ${why}`, {
      remedy: 'mend what it says, then zk-migrate resume',
    });
  } finally {
    child.kill();
  }
}
