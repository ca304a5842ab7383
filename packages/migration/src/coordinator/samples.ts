/** The history of lag and throughput that the report draws: of bounded size, whatever the length of the migration. */
import type { SyncStatus } from '@orchestrator/sync';
import { lagOf } from './alerts.ts';

export interface Sample {
  readonly timeMs: number;
  /** The larger of both directions; the largest of the time that the sample stands for. */
  readonly lagMs: number;
  /** What half of the changes stay below, in the slower direction; `null` while nothing changes. */
  readonly lagP50Ms: number | null;
  /** Changes applied per second, both directions; the mean. */
  readonly appliedPerS: number;
  readonly backlog: number;
}

export interface SampleHistory {
  /** How many observations each sample stands for. */
  readonly width: number;
  readonly samples: readonly Sample[];
  /** Observations that wait to become a sample. */
  readonly pending: readonly Sample[];
}

const maxSamples = 720;

export const noSamples: SampleHistory = { width: 1, samples: [], pending: [] };

function largest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

export function sampleOf(status: SyncStatus, timeMs: number): Sample {
  return {
    timeMs,
    lagMs: lagOf(status),
    lagP50Ms: largest(status.directions.map((direction) => direction.lagP50Ms)),
    appliedPerS: status.directions.reduce((sum, direction) => sum + direction.appliedPerS, 0),
    backlog: status.directions.reduce((sum, direction) => sum + direction.backlog, 0),
  };
}

/** One sample for several: what was worst stays visible, rates are averaged. */
function merge(samples: readonly Sample[]): Sample {
  return {
    timeMs: samples[0]?.timeMs ?? 0,
    lagMs: Math.max(...samples.map((sample) => sample.lagMs)),
    lagP50Ms: largest(samples.map((sample) => sample.lagP50Ms)),
    appliedPerS: samples.reduce((sum, sample) => sum + sample.appliedPerS, 0) / samples.length,
    backlog: Math.max(...samples.map((sample) => sample.backlog)),
  };
}

/** When there are too many, each two become one and the width doubles. */
export function addSample(history: SampleHistory, sample: Sample): SampleHistory {
  const pending = [...history.pending, sample];
  if (pending.length < history.width) return { ...history, pending };
  const samples = [...history.samples, merge(pending)];
  if (samples.length < maxSamples) return { width: history.width, samples, pending: [] };
  const halved = Array.from({ length: maxSamples / 2 }, (_, index) =>
    merge(samples.slice(index * 2, index * 2 + 2)),
  );
  return { width: history.width * 2, samples: halved, pending: [] };
}
