import { execFileSync } from 'node:child_process';

/** What bash would offer after these words, once it has read the completion script of a program. */
export function completeInBash(script: string, completer: string, words: readonly string[]): string[] {
  const program = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ${completer}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', program, script, ...words], { encoding: 'utf8' })
    .trim()
    .split('\n');
}
