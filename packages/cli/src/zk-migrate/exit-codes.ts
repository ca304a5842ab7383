import { type ExitCodeRow, exitCodes } from '../program/exit-codes.ts';

/** Printed by `--help`, and part of the documentation. */
export const exitCodeRows: readonly ExitCodeRow[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'failed; the message says what, and what to do'],
  [exitCodes.usage, 'wrong arguments or configuration; nothing was done'],
  [exitCodes.checkFailed, 'a validation, verification or preflight check does not hold'],
  [exitCodes.notFound, 'no such migration, conflict or archive'],
  [exitCodes.unreachable, 'a server or an ensemble could not be reached'],
  [exitCodes.refused, 'refused: not in this state, not permitted, or --confirm is missing'],
  [exitCodes.interrupted, 'interrupted by Ctrl-C or SIGTERM; the same command goes on from there'],
];
