import { findLeader } from './find-leader.ts';
import { type ObserverOptions, searchOf } from './observer-options.ts';
import { nothingHeld } from './protocol.ts';

/**
 * Finds out whether, and where, an ensemble takes us as an observer, and leaves before anything is transferred.
 *
 * Rejects with `NoLeader`, naming what each server said, or with the signal's reason.
 */
export async function probeLeader(
  options: Omit<ObserverOptions, 'spool' | 'maxRetryDelayMs'>,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly server: string; readonly epoch: number }> {
  const search = searchOf(options);
  const { resumeFrom = nothingHeld, lowestEpoch = 0 } = options;
  const ignore = { onBytes: () => undefined, onEnd: () => undefined };
  const link = await findLeader({ ...search, resumeFrom, lowestEpoch }, ignore, signal);
  link.destroy();
  return { server: link.server, epoch: link.epoch };
}
