import { sleep } from '@orchestrator/runtime/clock';
import type { SourceContext } from '../source.ts';
import type { Flows } from './flows.ts';
import { listFlows } from './programs.ts';

/**
 * After events were lost, those that the kernel has kept are still to be read, and would bring back what a list has ended: so there
 * is a list soon, and another one when all of them have certainly been read. This is also how often there is one where events are
 * lost all the time.
 */
const soonMs = 1_000;
const laterMs = 10_000;

export interface ListerOptions {
  readonly flows: Flows;
  /** The kernel has told of a flow. `isNews`: an edge came to be by it. */
  readonly told: (isNews: boolean) => void;
  readonly signal: AbortSignal;
}

/** Brings what is known of tracked flows in line with the kernel's list of them: at the start, and when events were lost. */
export function createLister({ clock, logger }: SourceContext, { flows, told, signal }: ListerOptions) {
  let listsLeft = 0;

  const list = async () => {
    const seen = flows.startList(clock.monotonicMs());
    let isComplete = false;
    try {
      await listFlows((flow) => told(seen.see(flow, clock.monotonicMs())));
      isComplete = true;
    } catch (error) {
      logger.debug('flows could not be listed', { error });
    }
    seen.end({ isComplete, nowMs: clock.monotonicMs() });
  };

  const listAgain = async () => {
    await sleep(clock, soonMs, signal);
    for (; listsLeft > 0; listsLeft--) {
      await list();
      await sleep(clock, laterMs, signal);
    }
  };

  return {
    list,
    /** Events were lost. */
    missed(): void {
      const isUnderWay = listsLeft > 0;
      listsLeft = 2;
      if (isUnderWay) return;
      logger.info('events of connection tracking were lost; its flows are listed again');
      listAgain().catch(() => undefined); // ended by the signal
    },
  };
}
