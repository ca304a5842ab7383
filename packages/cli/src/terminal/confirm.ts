import { createInterface } from 'node:readline/promises';
import type { Terminal } from './terminal.ts';

/** Asks a person; away from a terminal there is nobody to ask, and the command as written counts as the answer. */
export async function confirmed(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.interactive || process.stdin.isTTY !== true) return true;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`${question} [yes/no] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
