/** What the page's main thread did, from Chromium's own trace. */
import type { CDPSession } from 'playwright-core';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Of the thread's own time: what the machine gave to others in between does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface FrameWork {
  /** Time in our scripts by frame, in the order of the frames. */
  readonly scriptMs: readonly number[];
  readonly framesPerS: number;
}

const scripting: ReadonlySet<string> = new Set([
  'FireAnimationFrame',
  'EventDispatch',
  'TimerFire',
  'FunctionCall',
  'HandlePostMessage',
]);

async function record(session: CDPSession, act: () => Promise<void>): Promise<TraceEvent[]> {
  const events: TraceEvent[] = [];
  const collect = ({ value }: { value: unknown[] }) => events.push(...(value as TraceEvent[]));
  session.on('Tracing.dataCollected', collect);
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['devtools.timeline', '__metadata'], excludedCategories: ['*'] },
  });
  await act();
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', collect);
  return events;
}

/** The thread with the most frames is the page's; workers have none. */
function mainThread(events: readonly TraceEvent[]): TraceEvent[] {
  const frames = new Map<string, number>();
  const keyOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  for (const event of events) {
    if (event.name === 'FireAnimationFrame') frames.set(keyOf(event), (frames.get(keyOf(event)) ?? 0) + 1);
  }
  const [busiest] = [...frames].sort((a, b) => b[1] - a[1])[0] ?? [];
  return events.filter((event) => event.ph === 'X' && keyOf(event) === busiest).sort((a, b) => a.ts - b.ts);
}

/** Work in scripts between one frame and the next, while `act` runs. */
export async function frameWork(session: CDPSession, act: () => Promise<void>): Promise<FrameWork> {
  const events = mainThread(await record(session, act));
  const scriptMs: number[] = [];
  let [frameStart, spentUs, busyUntil] = [0, 0, 0];
  let [first, last] = [Infinity, 0];
  for (const { name, ts, dur = 0, tdur = dur } of events) {
    if (name === 'FireAnimationFrame' && ts > frameStart + 1_000) {
      if (frameStart > 0) scriptMs.push(spentUs / 1_000);
      [frameStart, spentUs] = [ts, 0];
      [first, last] = [Math.min(first, ts), ts];
    }
    // What runs inside of something that is counted is counted with it.
    if (!scripting.has(name) || ts < busyUntil) continue;
    spentUs += tdur;
    busyUntil = ts + dur;
  }
  return { scriptMs, framesPerS: scriptMs.length / Math.max((last - first) / 1_000_000, 0.001) };
}
