/**
 * Takes alerts to the channels. Each has a queue and a pace of its own, so that one that is down holds up neither the others nor
 * the migration; what cannot be told in the end is on record.
 */
import { type Clock, type Random, retry } from '@orchestrator/runtime';
import { failureOf, MigrationError } from '../errors.ts';
import { type AlertChannel, sendTimeoutMs } from './channels.ts';
import type { Notice } from './notice.ts';

export interface DispatcherOptions {
  readonly channels: readonly AlertChannel[];
  readonly clock: Clock;
  readonly random?: Random;
  readonly onSent: (channel: AlertChannel['name'], notice: Notice) => void;
  /** Given up after the last try, or pushed out by newer ones. */
  readonly onLost: (channel: AlertChannel['name'], notice: Notice, reason: string) => void;
}

/** Of each channel. The newest say how things are, so the oldest go first. */
const mostWaiting = 100;
const pace = { maxAttempts: 6, firstDelayMs: 1_000, maxDelayMs: 30_000 };
/** What is under way when this coordinator stops leading may still arrive; its successor raises again what goes on. */
const closingMs = 3_000;

export interface AlertDispatcher {
  tell(notice: Notice): void;
  close(): Promise<void>;
}

export function createAlertDispatcher(options: DispatcherOptions): AlertDispatcher {
  const { clock } = options;
  const closing = new AbortController();
  const lanes = options.channels.map((channel) => createLane(channel, options, closing.signal));
  return {
    tell(notice) {
      for (const lane of lanes) lane.tell(notice);
    },
    async close() {
      const timer = clock.after(closingMs, () => closing.abort());
      await Promise.all(lanes.map((lane) => lane.idle()));
      timer.cancel();
      closing.abort();
    },
  };
}

interface Lane {
  tell(notice: Notice): void;
  idle(): Promise<void>;
}

function createLane(channel: AlertChannel, options: DispatcherOptions, closing: AbortSignal): Lane {
  const { name } = channel;
  const { clock, random, onSent, onLost } = options;
  const waiting: Notice[] = [];
  let running: Promise<void> | undefined;

  const attempt = async (notice: Notice): Promise<void> => {
    const late = new AbortController();
    const timer = clock.after(sendTimeoutMs, () => late.abort());
    try {
      await channel.send(notice, AbortSignal.any([closing, late.signal]));
    } catch (error) {
      if (late.signal.aborted) throw new MigrationError('timeout', `no answer in ${sendTimeoutMs / 1000} s`);
      throw error;
    } finally {
      timer.cancel();
    }
  };

  const drain = async (): Promise<void> => {
    for (let notice = waiting.shift(); notice !== undefined; notice = waiting.shift()) {
      const next = notice;
      try {
        await retry(() => attempt(next), {
          ...pace,
          ...{ clock, signal: closing },
          ...(random === undefined ? {} : { random }),
        });
        onSent(name, next);
      } catch (error) {
        onLost(name, next, closing.aborted ? 'the coordinator stopped' : failureOf(error).message);
      }
    }
    running = undefined;
  };

  return {
    tell(notice) {
      waiting.push(notice);
      const oldest = waiting.length > mostWaiting ? waiting.shift() : undefined;
      if (oldest !== undefined) onLost(name, oldest, `more than ${mostWaiting} were waiting`);
      running ??= drain();
    },
    idle: async () => running,
  };
}
