import type { Clock, Timer } from '@orchestrator/runtime/clock';

/** Looks at containers that are due only if nothing else makes one before. One for each container, so they are as many as these. */
export function createLateLooks(clock: Clock, look: (id: string) => void) {
  const timers = new Map<string, Timer>();
  const cancel = (id: string) => {
    timers.get(id)?.cancel();
    timers.delete(id);
  };
  return {
    cancel,
    /** In the place of one that was due. */
    put(id: string, afterMs: number): void {
      cancel(id);
      const begin = () => {
        timers.delete(id);
        look(id);
      };
      timers.set(id, clock.after(afterMs, begin, { background: true }));
    },
    stop(): void {
      for (const id of [...timers.keys()]) cancel(id);
    },
  };
}
