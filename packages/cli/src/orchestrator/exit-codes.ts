import { type ExitCodeRow, exitCodes } from '../program/exit-codes.ts';

/** Printed by `--help`, and part of the documentation. */
export const exitCodeRows: readonly ExitCodeRow[] = [
  [exitCodes.ok, 'done'],
  [exitCodes.failed, 'failed; the message says what, and what to do'],
  [exitCodes.usage, 'wrong arguments or flags; nothing was done'],
  [exitCodes.checkFailed, 'not healthy: cluster status found a part that does not run'],
  [exitCodes.notFound, 'no such task, agent, framework or cluster'],
  [exitCodes.unreachable, 'no master, agent or ZooKeeper could be reached'],
  [exitCodes.refused, 'refused: not in this state, not permitted, or --confirm is missing'],
  [exitCodes.interrupted, 'interrupted by Ctrl-C or SIGTERM'],
];
