/** How fast an ensemble answers reads: measured on the source before and on the target after. Nothing is written. */
import type { Clock } from '@orchestrator/runtime';
import type { EnsembleAccess } from '@orchestrator/sync';
import { withClient } from '../ensemble/client.ts';

const samples = 200;

export interface ReadLatency {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function measureReads(access: EnsembleAccess, clock: Clock): Promise<ReadLatency> {
  return withClient(access, clock, async (client) => {
    const times: number[] = [];
    for (let count = 0; count < samples; count++) {
      const begun = clock.monotonicMs();
      await client.exists('/');
      times.push(clock.monotonicMs() - begun);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return { samples, p50Ms: at(0.5), p99Ms: at(0.99) };
  });
}
