import { MesosError } from '../errors.ts';
import type { Leader, MasterDetector } from './detector.ts';

/** The leader, or the first one that comes up. */
export async function awaitLeader(detector: MasterDetector, signal?: AbortSignal): Promise<Leader> {
  const leader = await detector.detect(undefined, signal);
  if (leader !== undefined) return leader;
  throw new MesosError('no master leads', { code: 'unavailable', retryable: true });
}

export function apiUrl(scheme: string, { host, port }: { host: string; port: number }, path: string): URL {
  return new URL(`${scheme}://${host}:${port}${path}`);
}
