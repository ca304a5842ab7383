/** What a script learns from the exit code. Printed by `--help`, and part of the documentation. */

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  checkFailed: 3,
  notFound: 4,
  unreachable: 5,
  refused: 6,
  interrupted: 130,
} as const;

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'failed; the message says what, and what to do',
  usage: 'wrong arguments or configuration; nothing was done',
  checkFailed: 'a validation, verification or preflight check does not hold',
  notFound: 'no such migration, conflict or archive',
  unreachable: 'a server or an ensemble could not be reached',
  refused: 'refused: not in this state, not permitted, or --confirm is missing',
  interrupted: 'interrupted by Ctrl-C or SIGTERM; the same command goes on from there',
};

export const exitCodeRows: readonly (readonly [number, string])[] = Object.entries(exitCodes).map(
  ([name, code]) => [code, meanings[name as keyof typeof exitCodes]],
);
