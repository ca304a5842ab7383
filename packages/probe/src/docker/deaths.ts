import { existsSync } from 'node:fs';
import type { Clock, Timer } from '@orchestrator/runtime/clock';
import type { Container } from './inspect.ts';

/** Its first process is looked for so often, at 10 µs each time, */
const lookEveryMs = 20;
/** and for so long after a signal, which it need not die of. `docker stop` sends a second one after ten seconds. */
const lookForMs = 3_000;

export interface DeathWatchOptions {
  readonly clock: Clock;
  readonly procRoot: string;
  /** A container has ended; its exit code is not known yet. */
  readonly died: (container: Container) => void;
}

/**
 * Sees the end of containers that get a signal. The engine tells of it only when it has taken down their networks, which is some
 * hundred milliseconds later on a busy host, and answers no questions meanwhile.
 */
export function createDeathWatch({ clock, procRoot, died }: DeathWatchOptions) {
  const running = new Map<string, Container>();
  const looking = new Map<string, Timer>();
  /** Processes of containers that have ended, while the engine may still say that they run. */
  const dead = new Map<string, number>();

  const isThere = (pid: number) => existsSync(`${procRoot}/${pid}`);

  const end = (container: Container): Container => ({
    ...container,
    ...{ state: 'exited', exitCode: undefined, pid: 0, health: undefined, addresses: [] },
  });

  const stopLooking = (id: string) => {
    looking.get(id)?.cancel();
    looking.delete(id);
  };

  const look = (id: string, untilMs: number) => {
    looking.delete(id);
    const container = running.get(id);
    if (container === undefined) return;
    if (!isThere(container.pid)) {
      running.delete(id);
      dead.set(id, container.pid);
      died(end(container));
    } else if (clock.monotonicMs() < untilMs) {
      looking.set(
        id,
        clock.after(lookEveryMs, () => look(id, untilMs)),
      );
    }
  };

  return {
    /** What the engine says of a container, put right where it is behind. */
    seen(container: Container): Container {
      const { id, pid, state } = container;
      if (pid !== 0 && dead.get(id) === pid) return end(container);
      dead.delete(id);
      // Where its processes cannot be seen at all, nothing can be said of their end.
      if (state === 'running' && pid !== 0 && isThere(pid)) running.set(id, container);
      else running.delete(id);
      return container;
    },
    /** It got a signal. */
    signalled(id: string): void {
      stopLooking(id);
      look(id, clock.monotonicMs() + lookForMs);
    },
    forget(id: string): void {
      stopLooking(id);
      running.delete(id);
      dead.delete(id);
    },
    stop(): void {
      for (const id of [...looking.keys()]) stopLooking(id);
    },
  };
}
