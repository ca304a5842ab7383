/** How long single turns of this process's event loop take. */

export interface LoopFigures {
  /** The longest time between two timers that were due a millisecond apart: what a request may have to wait. */
  readonly blockedMs: number;
  /** The most processor time that went by between two of them: the same without what other processes took. */
  readonly busyMs: number;
}

const intervalMs = 1;

export interface LoopWatch {
  stop(): LoopFigures;
}

/** Costs a timer each millisecond: run it only while it matters. */
export function watchLoop(): LoopWatch {
  let [atMs, cpuUs] = [performance.now(), threadCpuUs()];
  let [blockedMs, busyMs] = [0, 0];
  const timer = setInterval(() => {
    const [nowMs, nowCpuUs] = [performance.now(), threadCpuUs()];
    blockedMs = Math.max(blockedMs, nowMs - atMs - intervalMs);
    busyMs = Math.max(busyMs, (nowCpuUs - cpuUs) / 1000);
    atMs = nowMs;
    cpuUs = nowCpuUs;
  }, intervalMs);
  return {
    stop() {
      clearInterval(timer);
      return { blockedMs, busyMs };
    },
  };
}

function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
