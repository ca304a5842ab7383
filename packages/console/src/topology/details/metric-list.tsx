import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api/index.ts';
import { Segments, Sparkline } from '../../ui/index.ts';
import { formatMetric, pointsOf } from '../model/metrics.ts';
import type { MetricRow } from '../model/schema.ts';
import styles from './details-panel.module.css';

const spans = [
  { value: 'now', label: 'Now' },
  { value: '1', label: '1 h' },
  { value: '24', label: '24 h' },
] as const;
type Span = (typeof spans)[number]['value'];

const history = z.object({
  points: z.array(z.object({ atMs: z.number(), mean: z.number(), max: z.number() })),
});

const historyEveryMs = 15_000;
const hourMs = 3_600_000;

function useHistory(node: string, metric: string, hours: number | undefined) {
  return useQuery({
    queryKey: ['history', node, metric, hours],
    enabled: hours !== undefined,
    queryFn: async ({ signal }) => {
      const { points } = await request('/api/history/metrics', {
        query: { node, metric },
        schema: history,
        signal,
      });
      const newestMs = points.at(-1)?.atMs ?? 0;
      return points.filter(({ atMs }) => atMs >= newestMs - (hours ?? 0) * hourMs);
    },
    refetchInterval: historyEveryMs,
  }).data;
}

function Metric({
  nodeId,
  metric,
  span,
}: {
  readonly nodeId: string;
  readonly metric: MetricRow;
  readonly span: Span;
}) {
  const { id, label, value, format, max, samples } = metric;
  const past = useHistory(nodeId, id, span === 'now' ? undefined : Number(span));
  const { timesMs, values } = useMemo(() => {
    if (span !== 'now')
      return { timesMs: (past ?? []).map(({ atMs }) => atMs), values: (past ?? []).map(({ mean }) => mean) };
    return pointsOf(samples ?? []);
  }, [samples, past, span]);
  const show = (each: number) => formatMetric(each, format);
  return (
    <div className={styles.metric}>
      <header>
        <span>{label}</span>
        <strong>{show(value)}</strong>
      </header>
      <Sparkline
        label={label}
        timesMs={timesMs}
        values={values}
        format={show}
        max={span === 'now' ? max : 0}
      />
    </div>
  );
}

export function MetricList(props: {
  readonly nodeId: string;
  readonly metrics: readonly MetricRow[];
  readonly isLive: boolean;
}) {
  const { nodeId, metrics, isLive } = props;
  const [span, setSpan] = useState<Span>('now');
  return (
    <>
      {isLive && (
        <div className={styles.spans}>
          <Segments label="Time span" value={span} choices={spans} onChange={setSpan} />
        </div>
      )}
      <div className={styles.metrics}>
        {metrics.map((metric) => (
          <Metric key={metric.id} nodeId={nodeId} metric={metric} span={isLive ? span : 'now'} />
        ))}
      </div>
    </>
  );
}
