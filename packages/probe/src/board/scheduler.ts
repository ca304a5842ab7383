import type { Logger } from '@orchestrator/runtime';
import type { Clock, Timer } from '@orchestrator/runtime/clock';

export interface Job {
  readonly name: string;
  /** Wanted distance between two runs. */
  readonly everyMs: number;
  /** Largest share of one core that runs may take: 0.01 is one per cent. A job that takes more runs less often. */
  readonly share: number;
  /** Runs as long as the event loop is its own; what waits for others does not count. */
  run(): void | Promise<void>;
}

/** Runs jobs in turn. Jobs that are due within one step of time run in one wake-up, so that the processor sleeps longer. */
export interface Scheduler {
  add(job: Job): { runSoon(): void; remove(): void };
  stop(): void;
}

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Processor time of this thread so far. What others take from us on a busy host must not count as our cost. */
  readonly cpuMs?: () => number;
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const wakeUpStepMs = 250;
/** Costs are smoothed over this many runs. */
const costRuns = 4;
/** A job is never put off for longer, however much it takes. */
export const longestPauseMs = 60_000;

interface Entry {
  readonly job: Job;
  dueMs: number;
  costMs: number;
  running: boolean;
}

/** The pause after a run that gives the job its share and no more. */
export function pauseMs(job: Pick<Job, 'everyMs' | 'share'>, costMs: number): number {
  return Math.max(job.everyMs, Math.min(longestPauseMs, costMs / job.share));
}

export function createScheduler({ clock, logger, cpuMs = threadCpuMs }: SchedulerOptions): Scheduler {
  const entries = new Set<Entry>();
  let timer: Timer | undefined;
  let wakesMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const finish = (entry: Entry, startMs: number, costMs: number) => {
    entry.running = false;
    entry.costMs += (costMs - entry.costMs) / costRuns;
    entry.dueMs = startMs + pauseMs(entry.job, entry.costMs);
    arm();
  };

  const run = (entry: Entry) => {
    const startMs = clock.monotonicMs();
    const startCpuMs = cpuMs();
    entry.running = true;
    const failed = (error: unknown) =>
      logger.warn('a look at the host failed', { job: entry.job.name, error });
    try {
      const pending = entry.job.run();
      const costMs = cpuMs() - startCpuMs;
      if (pending === undefined) finish(entry, startMs, costMs);
      else void pending.catch(failed).finally(() => finish(entry, startMs, costMs));
    } catch (error) {
      failed(error);
      finish(entry, startMs, cpuMs() - startCpuMs);
    }
  };

  const wake = () => {
    timer = undefined;
    wakesMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.monotonicMs();
    for (const entry of entries) {
      if (!entry.running && entry.dueMs <= nowMs + wakeUpStepMs / 2) run(entry);
    }
    arm();
  };

  const arm = () => {
    if (stopped) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const entry of entries) if (!entry.running) nextMs = Math.min(nextMs, entry.dueMs);
    if (nextMs === Number.POSITIVE_INFINITY || nextMs >= wakesMs) return;
    timer?.cancel();
    wakesMs = nextMs;
    timer = clock.after(Math.max(0, nextMs - clock.monotonicMs()), wake, { background: true });
  };

  return {
    add(job) {
      const entry: Entry = { job, dueMs: clock.monotonicMs(), costMs: 0, running: false };
      entries.add(entry);
      arm();
      return {
        runSoon() {
          entry.dueMs = Math.min(entry.dueMs, clock.monotonicMs());
          arm();
        },
        remove() {
          entries.delete(entry);
        },
      };
    },
    stop() {
      stopped = true;
      timer?.cancel();
      entries.clear();
    },
  };
}
