/**
 * Terminals for commands, without a native module: `script` makes one and stays between it and our pipes, `stty` sets its
 * size, which the kernel then tells to whoever is in the foreground there.
 */
import { readlink } from 'node:fs/promises';
import { childrenOf } from './process-tree.ts';
import { runProgram } from './run-program.ts';
import type { WindowSize } from './runtime.ts';

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

const sizeWords = ({ rows, columns }: WindowSize) => ['rows', `${rows}`, 'cols', `${columns}`];

/** The command with a terminal around it. */
export function withTerminal(argv: readonly string[], size: WindowSize | undefined): string[] {
  const sized = size === undefined ? '' : `stty ${sizeWords(size).join(' ')}; `;
  const command = `${sized}exec ${argv.map(quoted).join(' ')}`;
  return ['script', '--quiet', '--return', '--command', command, '/dev/null'];
}

/** The terminal of what runs below a `script`, undefined when nothing does. */
async function terminalBelow(scriptPid: number): Promise<string | undefined> {
  for (const pid of await childrenOf(scriptPid)) {
    const path = await readlink(`/proc/${pid}/fd/0`).catch(() => '');
    if (path.startsWith('/dev/pts/')) return path;
  }
  return undefined;
}

/** @param scriptPid of the `script` of `withTerminal` */
export async function resizeTerminal(scriptPid: number, size: WindowSize): Promise<void> {
  const terminal = await terminalBelow(scriptPid);
  if (terminal !== undefined) await runProgram('stty', ['--file', terminal, ...sizeWords(size)]);
}
