/** Takes the history's samples and pictures, one after the other, for as long as the monitor runs. */
import type { Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Collector } from '../collect/collector.ts';
import type { MetricHistory } from './metric-history.ts';
import type { PictureHistory } from './picture-history.ts';

export interface Recorder {
  start(): void;
  /** Resolves when nothing is being written any more. */
  stop(): Promise<void>;
}

const sampleEveryMs = 15_000;

export function createRecorder(options: {
  readonly collector: Collector;
  readonly metrics: MetricHistory;
  readonly pictures: PictureHistory;
  readonly pictureEveryMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}): Recorder {
  const { collector, metrics, pictures, pictureEveryMs, clock, logger } = options;
  let timer: Timer | undefined;
  let work: Promise<void> = Promise.resolve();
  let pictureMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  const record = async () => {
    const report = collector.report();
    await metrics.take(report, clock.nowMs());
    if (clock.monotonicMs() - pictureMs < pictureEveryMs) return;
    pictureMs = clock.monotonicMs();
    await pictures.take(report, clock.nowMs());
  };

  const round = () => {
    work = record()
      .catch((error: unknown) => logger.error('history could not be written', { error }))
      .then(() => {
        if (!stopped)
          timer = clock.after(Math.min(sampleEveryMs, pictureEveryMs), round, { background: true });
      });
  };

  return {
    start: round,
    async stop() {
      stopped = true;
      timer?.cancel();
      await work;
    },
  };
}
