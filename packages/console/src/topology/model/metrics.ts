/** Metrics as people read them. */
import { formatBytes, formatNumber, formatPercent, formatRate } from '../../ui/index.ts';
import type { MetricRow, NodeSummary } from './schema.ts';

export function formatMetric(value: number, format: string | undefined): string {
  if (format === 'percent') return formatPercent(value);
  if (format === 'filesize') return formatBytes(value);
  if (format === 'rate') return formatRate(value);
  return formatNumber(value);
}

export interface Points {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** A change is drawn over this time at most: that of one look of a probe. */
const changeMs = 3_000;

/**
 * Samples as points of a line. A value stands until the next sample, since probes do not repeat what has not changed: a line
 * straight from the one to the other would climb for a minute where something has jumped.
 */
export function pointsOf(samples: NonNullable<MetricRow['samples']>): Points {
  const [timesMs, values]: [number[], number[]] = [[], []];
  for (const { date, value } of samples) {
    const timeMs = Date.parse(date);
    const [beforeMs, before] = [timesMs.at(-1), values.at(-1)];
    if (beforeMs !== undefined && before !== undefined && timeMs - beforeMs > 2 * changeMs) {
      timesMs.push(timeMs - changeMs);
      values.push(before);
    }
    timesMs.push(timeMs);
    values.push(value);
  }
  const [onlyMs, only] = [timesMs[0], values[0]];
  if (timesMs.length === 1 && onlyMs !== undefined && only !== undefined) {
    timesMs.push(onlyMs + changeMs);
    values.push(only);
  }
  return { timesMs, values };
}

export interface MetricKind {
  readonly id: string;
  readonly label: string;
  readonly format: string | undefined;
}

/** Those that nodes of a view have, the most important first. */
export function metricKinds(nodes: Iterable<NodeSummary>): readonly MetricKind[] {
  const kinds = new Map<string, MetricKind & { readonly priority: number }>();
  for (const { metrics = [] } of nodes) {
    for (const { id, label, format, priority } of metrics) {
      if (!kinds.has(id)) kinds.set(id, { id, label, format, priority });
    }
  }
  return [...kinds.values()].sort((a, b) => a.priority - b.priority);
}

export const metricOf = ({ metrics }: NodeSummary, id: string): MetricRow | undefined =>
  metrics?.find((metric) => metric.id === id);

/** By what the values of a metric are compared. */
export interface Measure {
  /** As much as there can be: 100 for percentages, else the largest of all nodes. */
  readonly full: number;
  /** The most that any node has, rounded up to 1, 2 or 5 of a power of ten, so that it seldom changes. */
  readonly largest: number;
}

function roundedUp(value: number): number {
  if (value <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((step) => step * power >= value) ?? 10) * power;
}

export function measureOf(nodes: Iterable<NodeSummary>, id: string): Measure {
  let [full, largest] = [0, 0];
  for (const node of nodes) {
    const metric = metricOf(node, id);
    if (metric === undefined) continue;
    largest = Math.max(largest, metric.value);
    full = Math.max(full, metric.value, metric.format === 'percent' ? 100 : 0);
  }
  return { full, largest: roundedUp(largest) };
}
