/** How long single turns of this process's event loop take, and what of that is its own doing. */
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LoopFigures {
  /** The longest time between two timers that were due a millisecond apart: what a request may have to wait. */
  readonly blockedMs: number;
  /** The most processor time that went by between two of them: the same without what other processes took. */
  readonly busyMs: number;
  /**
   * The most that one of them can have been by its own doing: its processor time, and its garbage collections by the clock,
   * in which it may have waited for its own helping threads.
   */
  readonly ownMs: number;
}

interface Turn {
  readonly startMs: number;
  readonly blockedMs: number;
  readonly busyMs: number;
}

const intervalMs = 1;
/** Shorter turns are no candidates for the longest. */
const leastMs = 5;
/** Until the collections of the last turn have been told of. */
const observedMs = 20;

/** Costs a timer each millisecond: run it only while it matters. */
class LoopWatch {
  readonly #turns: Turn[] = [];
  readonly #collections: { readonly startTime: number; readonly duration: number }[] = [];
  readonly #observer = new PerformanceObserver((list) => this.#collections.push(...list.getEntries()));
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] });
    let [atMs, cpuUs] = [performance.now(), threadCpuUs()];
    this.#timer = setInterval(() => {
      const [nowMs, nowCpuUs] = [performance.now(), threadCpuUs()];
      const blockedMs = nowMs - atMs - intervalMs;
      if (blockedMs > leastMs) {
        this.#turns.push({ startMs: atMs, blockedMs, busyMs: (nowCpuUs - cpuUs) / 1000 });
      }
      atMs = nowMs;
      cpuUs = nowCpuUs;
    }, intervalMs);
  }

  async stop(): Promise<LoopFigures> {
    clearInterval(this.#timer);
    await sleep(observedMs);
    this.#observer.disconnect();
    const longest = (of: (turn: Turn) => number) => Math.max(0, ...this.#turns.map(of));
    return {
      blockedMs: longest(({ blockedMs }) => blockedMs),
      busyMs: longest(({ busyMs }) => busyMs),
      ownMs: longest((turn) => Math.min(turn.blockedMs, turn.busyMs + this.#collectionsIn(turn))),
    };
  }

  #collectionsIn({ startMs, blockedMs }: Turn): number {
    const endMs = startMs + blockedMs + intervalMs;
    const inside = this.#collections.filter(({ startTime }) => startTime >= startMs && startTime < endMs);
    return inside.reduce((sum, { duration }) => sum + duration, 0);
  }
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

let watch: LoopWatch | undefined;

/** Commands of a program that is watched, each answered in JSON: `watch-loop`, and `loop` for the figures since then. */
export async function answerLoop(line: string): Promise<string> {
  if (line === 'loop') return JSON.stringify(await watch?.stop());
  if (line !== 'watch-loop') throw new Error(`there is no command ${line}`);
  watch = new LoopWatch();
  return '{}';
}
