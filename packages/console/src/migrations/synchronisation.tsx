import type { SyncStatus } from '@orchestrator/monitor/schema';
import { useMemo } from 'react';
import { Chart, EmptyState, Facts, formatNumber, Panel, Status, sentence } from '../ui/index.ts';
import type { LagHistory, Sample } from './live.ts';
import styles from './migrations.module.css';

const ms = (value: number) => `${formatNumber(value)} ms`;
const directionNames = { source: 'Old to new', target: 'New to old' } as const;

function LagChart({ label, samples }: { readonly label: string; readonly samples: readonly Sample[] }) {
  const { timesMs, lines } = useMemo(
    () => ({
      timesMs: samples.map(({ timeMs }) => timeMs),
      lines: [
        { label: 'p50', values: samples.map(({ lagMs }) => lagMs) },
        { label: 'p99', colour: '--warn', values: samples.map(({ lagP99Ms }) => lagP99Ms) },
      ],
    }),
    [samples],
  );
  return <Chart label={`Lag, ${label}`} timesMs={timesMs} lines={lines} format={ms} max={10} height={120} />;
}

type Direction = SyncStatus['directions'][number];

function DirectionView({
  direction,
  samples,
}: {
  readonly direction: Direction;
  readonly samples: readonly Sample[];
}) {
  const name = directionNames[direction.from];
  const { lag_p50_ms: p50, lag_p99_ms: p99 } = direction;
  return (
    <section className={styles.part} aria-label={name}>
      <h3>{name}</h3>
      {samples.length > 1 && samples.some(({ lagMs }) => lagMs !== null) && (
        <LagChart label={name} samples={samples} />
      )}
      <Facts
        facts={[
          ['Lag', p50 === null || p99 === null ? 'no change yet' : `p50 ${ms(p50)}, p99 ${ms(p99)}`],
          ['Applied', `${formatNumber(direction.applied)}, ${formatNumber(direction.applied_per_s)}/s`],
          ['Waiting', formatNumber(direction.backlog)],
          [
            'Capture',
            <span key="capture" title={direction.capture_reason}>
              {direction.capture}
            </span>,
          ],
        ]}
      />
    </section>
  );
}

/** Both directions: how far behind, how fast, how it is captured. */
export function Synchronisation({
  sync,
  history,
}: {
  readonly sync: SyncStatus | null;
  readonly history: LagHistory;
}) {
  if (sync === null) {
    return (
      <Panel title="Synchronisation">
        <EmptyState icon="migration" title="Nothing is synchronised at the moment">
          It runs from the end of phase 1 until phase 6.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel
      title="Synchronisation"
      actions={<Status tone={sync.problem === null ? 'ok' : 'bad'}>{sync.state}</Status>}
    >
      {sync.problem !== null && <p className={styles.problem}>{sentence(sync.problem)}</p>}
      <div className={styles.parts}>
        {sync.directions.map((direction) => (
          <DirectionView key={direction.from} direction={direction} samples={history[direction.from]} />
        ))}
      </div>
    </Panel>
  );
}
