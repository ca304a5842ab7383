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

/** A terminal of this machine, or of a container, whose path counts from its own mount. */
const terminalPath = /^(\/dev\/pts)?\/\d+$/;

async function setSize(pid: number, size: WindowSize): Promise<void> {
  const input = `/proc/${pid}/fd/0`;
  const path = await readlink(input).catch(() => '');
  if (terminalPath.test(path)) await runProgram('stty', ['--file', input, ...sizeWords(size)]);
}

/**
 * @param scriptPid of the `script` of `withTerminal`
 * @param innerPid the command itself where it has one more terminal, in its container: the runtime between them carries a
 * size over by and by, and what is typed meanwhile would find the old one
 */
export async function resizeTerminal(
  scriptPid: number,
  innerPid: number | undefined,
  size: WindowSize,
): Promise<void> {
  for (const pid of await childrenOf(scriptPid)) await setSize(pid, size);
  if (innerPid !== undefined) await setSize(innerPid, size);
}
