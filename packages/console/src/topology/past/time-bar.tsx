/** Looking back: a slider over the times of which there are pictures. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { z } from 'zod';
import { request } from '../../api/index.ts';
import { Button, formatTime, IconButton, Select, Status } from '../../ui/index.ts';
import type { ChangeState } from '../model/page-state.ts';
import styles from './time-bar.module.css';

const pictures = z.object({ timesMs: z.array(z.number()) });
const picturesEveryMs = 15_000;
const spans = [
  { value: '1', label: '1 hour' },
  { value: '24', label: '1 day' },
  { value: '168', label: '1 week' },
] as const;
type Span = (typeof spans)[number]['value'];

/** The server's clock counts: the span is back from the newest picture that it has. */
const usePictures = (hours: number) =>
  useQuery({
    queryKey: ['pictures', hours],
    queryFn: async ({ signal }) => {
      const { timesMs } = await request('/api/history/pictures', {
        query: { from: 0 },
        schema: pictures,
        signal,
      });
      const newestMs = timesMs.at(-1) ?? 0;
      return timesMs.filter((timeMs) => timeMs >= newestMs - hours * 3_600_000);
    },
    refetchInterval: picturesEveryMs,
  });

/** `12:05` within a day, `01-31 12:05` beyond. */
const clockTime = (timeMs: number, span: Span) => formatTime(timeMs).slice(span === '168' ? 5 : 11, 16);

/** Index of the last picture that is not after the time. */
export function pictureAt(timesMs: readonly number[], atMs: number): number {
  const after = timesMs.findIndex((timeMs) => timeMs > atMs);
  return after === -1 ? timesMs.length - 1 : Math.max(0, after - 1);
}

export interface TimeBarProps {
  readonly at: string | undefined;
  readonly change: ChangeState;
  /** What is shown stands still, since the monitor cannot be reached. */
  readonly isLost: boolean;
}

export function TimeBar({ at, change, isLost }: TimeBarProps) {
  const [span, setSpan] = useState<Span>('1');
  const { data: timesMs = [] } = usePictures(Number(span));
  const [last, first] = [timesMs.length, timesMs[0]];
  // The right end is the present.
  const index = at === undefined ? last : pictureAt(timesMs, Date.parse(at));
  const go = (to: number) => {
    const timeMs = timesMs[to];
    change(
      { at: timeMs === undefined ? undefined : new Date(timeMs).toISOString() },
      { replace: at !== undefined },
    );
  };
  return (
    <section className={at === undefined ? styles.bar : styles.past} aria-label="Time">
      <IconButton
        icon="clock"
        label="Back to now"
        disabled={at === undefined}
        onClick={() => change({ at: undefined })}
      />
      <span className={styles.begin}>
        {first === undefined ? 'nothing kept yet' : clockTime(first, span)}
      </span>
      <input
        type="range"
        aria-label="Time that is shown"
        aria-valuetext={at === undefined ? 'now' : formatTime(Date.parse(at))}
        min={0}
        max={Math.max(last, 1)}
        step={1}
        value={last === 0 ? 1 : index}
        disabled={last === 0}
        onChange={(event) => go(Number(event.target.value))}
      />
      <span className={styles.text}>
        {at === undefined ? (
          <Status tone={isLost ? 'warn' : 'ok'}>{isLost ? 'Waiting' : 'Live'}</Status>
        ) : (
          formatTime(Date.parse(at))
        )}
      </span>
      {at !== undefined && (
        <Button kind="primary" onClick={() => change({ at: undefined })}>
          Back to now
        </Button>
      )}
      <Select inline label="Span" value={span} choices={spans} onChange={setSpan} />
    </section>
  );
}
