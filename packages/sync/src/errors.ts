/** Why synchronisation was refused or has ended; each has one remedy, which the message names. */
export type SyncErrorCode =
  | 'BadOption'
  | 'SameEnsemble'
  | 'TargetNotEmpty'
  | 'NoAccess'
  | 'VersionTooOld'
  | 'NodeTooLarge'
  | 'Unreachable'
  | 'NoObserver'
  | 'Deposed'
  | 'NotLeading'
  | 'Timeout'
  | 'Aborted'
  | 'Unproven'
  | 'Unknown'
  | 'CursorGone'
  | 'WentBack'
  | 'Stopped';

const retryableCodes: ReadonlySet<SyncErrorCode> = new Set<SyncErrorCode>([
  'Unreachable',
  'Timeout',
  'Unproven',
  'NotLeading',
]);

/** Base of everything this package throws. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;

  constructor(code: SyncErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return retryableCodes.has(this.code);
  }
}

/** For a side that has lost our znodes, which nobody but us removes. */
export function cursorGone(side: 'source' | 'target', folder: string, cause?: unknown): SyncError {
  return new SyncError(
    'CursorGone',
    `${folder} is gone from the ${side}: the ensemble was emptied or replaced, or somebody deleted it. ` +
      'Make sure that it is the ensemble you mean; an empty target is filled again, anything else is refused',
    cause,
  );
}

/** What went wrong, in words, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
