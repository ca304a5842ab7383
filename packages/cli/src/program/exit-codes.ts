/** What a script learns from the exit code; the same in every program of ours. What each means there is told by its help. */

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

export type ExitCodeRow = readonly [code: number, meaning: string];
