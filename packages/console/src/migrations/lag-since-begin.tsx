import { useMemo } from 'react';
import { Chart, formatNumber, Panel } from '../ui/index.ts';
import { type Place, useHistory } from './requests.ts';

const ms = (value: number) => `${formatNumber(value)} ms`;

/** Both directions together, as the coordinators have kept it; also of a migration that is over. */
export function LagSinceBegin({ at }: { readonly at: Place }) {
  const samples = useHistory(at).data?.samples;
  const { timesMs, lines } = useMemo(
    () => ({
      timesMs: (samples ?? []).map(({ time_ms }) => time_ms),
      lines: [
        { label: 'p50', values: (samples ?? []).map(({ lag_p50_ms }) => lag_p50_ms) },
        { label: 'worst', colour: '--warn', values: (samples ?? []).map(({ lag_ms }) => lag_ms) },
      ],
    }),
    [samples],
  );
  if (timesMs.length < 2) return null;
  return (
    <Panel title="Lag since the beginning">
      <Chart
        label="Lag since the beginning"
        timesMs={timesMs}
        lines={lines}
        format={ms}
        max={10}
        height={120}
      />
    </Panel>
  );
}
