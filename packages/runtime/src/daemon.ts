import type { Clock } from './clock.ts';
import { outcomeOf } from './errors.ts';
import { type Component, createLifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';

type StopSignal = 'SIGTERM' | 'SIGINT';

/** What a daemon needs of its process; a test gives its own. */
export interface DaemonHost {
  on(signal: StopSignal, listener: () => void): void;
  off(signal: StopSignal, listener: () => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
}

export interface DaemonOptions {
  components: readonly Component[];
  logger: Logger;
  clock?: Clock;
  /** Default: this process. */
  host?: DaemonHost;
}

const signalNumber: Record<StopSignal, number> = { SIGINT: 2, SIGTERM: 15 };

const thisProcess: DaemonHost = {
  on: (signal, listener) => process.on(signal, listener),
  off: (signal, listener) => process.off(signal, listener),
  exit: (code) => process.exit(code),
};

/**
 * Runs components until SIGTERM or SIGINT, or until one breaks, and stops them in order. A second signal ends the
 * process at once with 128 + its number.
 *
 * Resolves to the exit code: 0 after a clean stop, 1 when a part broke or did not stop in time, the code of the error
 * (see `errorTable`) when the start failed.
 */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const { components, logger, clock, host = thisProcess } = options;
  const lifecycle = createLifecycle({ components, logger, ...(clock === undefined ? {} : { clock }) });
  let signals = 0;
  const listen = (signal: StopSignal) => () => {
    signals++;
    if (signals === 1) void lifecycle.stop(signal);
    else {
      logger.warn('ending at once: second signal', { signal });
      host.exit(128 + signalNumber[signal]);
    }
  };
  const listeners = { SIGTERM: listen('SIGTERM'), SIGINT: listen('SIGINT') };
  host.on('SIGTERM', listeners.SIGTERM);
  host.on('SIGINT', listeners.SIGINT);
  try {
    await lifecycle.start();
    const { problems } = await lifecycle.stopped;
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { problems } = await lifecycle.stopped;
    // A stop that was asked for during start is not a failure.
    if (signals > 0) return problems.length === 0 ? 0 : 1;
    logger.error('did not start', { error });
    return outcomeOf(error).exitCode;
  } finally {
    host.off('SIGTERM', listeners.SIGTERM);
    host.off('SIGINT', listeners.SIGINT);
  }
}
