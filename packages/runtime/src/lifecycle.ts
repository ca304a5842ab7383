import { type Clock, systemClock, type Timer } from './clock.ts';
import { OrchestratorError } from './errors.ts';
import type { Logger } from './logger.ts';

/** A part of a daemon. Parts start in the order given and stop in reverse, so each may rely on those before it. */
export interface Component {
  name: string;
  /** Resolves when the part is usable. Must give up soon after `signal` aborts. */
  start?(context: StartContext): Promise<void> | void;
  /** Resolves when nothing of its work can be lost any more. Called once, only if `start` has succeeded. */
  stop?(): Promise<void> | void;
  /** Default 60 000. */
  startTimeoutMs?: number;
  /** After this the part is given up, said so in the log, and the next one is stopped. Default 15 000. */
  stopTimeoutMs?: number;
}

export interface StartContext {
  signal: AbortSignal;
  /** To be called when the running part breaks beyond repair: the whole daemon stops in order. */
  fail(error: unknown): void;
}

/** Why a lifecycle ended and what went wrong on the way; empty `problems` means that every part stopped cleanly. */
export interface LifecycleResult {
  reason: string;
  problems: readonly { component: string; error: unknown }[];
}

export interface Lifecycle {
  /** Starts every part. When one fails, those started are stopped and its error is thrown. */
  start(): Promise<void>;
  /** Stops every started part in reverse. Further calls return the same promise; during start, start is aborted first. */
  stop(reason: string): Promise<LifecycleResult>;
  /** Settles when all has stopped, for whatever reason. */
  readonly stopped: Promise<LifecycleResult>;
}

export interface LifecycleOptions {
  components: readonly Component[];
  logger: Logger;
  clock?: Clock;
}

const defaultStartTimeoutMs = 60_000;
const defaultStopTimeoutMs = 15_000;

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { components, logger, clock = systemClock } = options;
  const started: Component[] = [];
  const problems: { component: string; error: unknown }[] = [];
  const abort = new AbortController();
  const end = Promise.withResolvers<LifecycleResult>();
  let starting: Promise<void> | undefined;
  let stopping = false;

  const stop = (reason: string): Promise<LifecycleResult> => {
    if (!stopping) {
      stopping = true;
      logger.info('stopping', { reason });
      abort.abort(new OrchestratorError(`start was abandoned: ${reason}`, { code: 'cancelled' }));
      void stopAll(reason).then(end.resolve, end.reject);
    }
    return end.promise;
  };

  const stopAll = async (reason: string): Promise<LifecycleResult> => {
    // Whoever called start() gets its error; here it only matters that no part is half-way.
    await starting?.catch((error: unknown) => logger.debug('start ended', { error }));
    for (const component of started.splice(0).reverse()) await stopOne(component);
    return { reason, problems };
  };

  const stopOne = async (component: Component): Promise<void> => {
    const { name, stopTimeoutMs = defaultStopTimeoutMs } = component;
    const since = clock.monotonicMs();
    try {
      await within(clock, stopTimeoutMs, `stop of ${name}`, async () => component.stop?.());
      logger.debug('stopped', { component: name, ms: Math.round(clock.monotonicMs() - since) });
    } catch (error) {
      problems.push({ component: name, error });
      logger.error('did not stop cleanly', { component: name, error });
    }
  };

  const startOne = async (component: Component): Promise<void> => {
    const { name, startTimeoutMs = defaultStartTimeoutMs, stopTimeoutMs = defaultStopTimeoutMs } = component;
    abort.signal.throwIfAborted();
    const fail = (error: unknown) => {
      problems.push({ component: name, error });
      logger.error('broke', { component: name, error });
      void stop(`${name} broke`);
    };
    const own = new AbortController();
    const signal = AbortSignal.any([abort.signal, own.signal]);
    const running = (async () => {
      await component.start?.({ signal, fail });
      started.push(component);
    })();
    try {
      await within(clock, startTimeoutMs, `start of ${name}`, () => abortable(signal, running));
    } catch (error) {
      // A part that finishes its start late must still be stopped: wait for it, as long as a stop may take.
      own.abort(error);
      await within(clock, stopTimeoutMs, `end of the start of ${name}`, () => running).catch(
        (late: unknown) => logger.debug('start given up', { component: name, error: late }),
      );
      throw error;
    }
    abort.signal.throwIfAborted();
    logger.debug('started', { component: name });
  };

  const startAll = async (): Promise<void> => {
    for (const component of components) {
      try {
        await startOne(component);
      } catch (error) {
        if (!abort.signal.aborted) problems.push({ component: component.name, error });
        throw error;
      }
    }
    logger.info('started', { components: components.map((component) => component.name) });
  };

  return {
    stopped: end.promise,
    stop,
    async start() {
      if (starting !== undefined) throw new Error('a lifecycle starts once; create another one');
      starting = startAll();
      try {
        await starting;
      } catch (error) {
        await stop('start failed');
        throw error;
      }
    },
  };
}

/** Rejects with a `timeout` error that names `what` when `work` takes longer. */
async function within<T>(clock: Clock, limitMs: number, what: string, work: () => Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = clock.after(limitMs, () =>
      reject(new OrchestratorError(`${what} took longer than ${limitMs} ms`, { code: 'timeout' })),
    );
  });
  try {
    return await Promise.race([work(), expiry]);
  } finally {
    timer?.cancel();
  }
}

async function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
