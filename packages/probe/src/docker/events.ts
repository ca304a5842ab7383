import type { Logger } from '@orchestrator/runtime';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import type { DockerApi } from './api.ts';
import { type DockerEvent, parseEvent } from './inspect.ts';

/** Events of `exec` are left out: health checks make two of them a second and they change nothing. */
const actions = [
  'create',
  'start',
  'restart',
  'kill',
  'die',
  'stop',
  'pause',
  'unpause',
  'rename',
  'update',
  'health_status',
  'destroy',
  'tag',
  'untag',
  'pull',
  'load',
  'import',
  'delete',
  'connect',
  'disconnect',
];
const longestLine = 1024 * 1024;

export interface FollowOptions {
  readonly api: DockerApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** The stream is open: what happens from now on will be told; what was before has to be looked up. */
  readonly opened: () => Promise<void>;
  readonly event: (event: DockerEvent) => void;
  /** The engine is not there any more. */
  readonly lost: () => void;
}

/** Follows the engine's events until `signal` aborts; waits longer and longer while there is no engine. */
export async function followEvents(options: FollowOptions): Promise<void> {
  const { api, clock, logger, signal } = options;
  const backoff = createBackoff({ firstDelayMs: 250, maxDelayMs: 15_000 });
  const filters = encodeURIComponent(
    JSON.stringify({ type: ['container', 'image', 'network'], event: actions }),
  );
  let said = false;
  while (!signal.aborted) {
    try {
      const stream = await api.stream(`/events?filters=${filters}`);
      const close = () => stream.destroy();
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      try {
        const reading = readLines(stream, options.event);
        // A failure is met again below; it must not count as unhandled meanwhile.
        reading.catch(() => undefined);
        await options.opened();
        backoff.reset();
        said = false;
        await reading;
      } finally {
        signal.removeEventListener('abort', close);
        stream.destroy();
      }
    } catch (error) {
      if (!signal.aborted && !said) logger.info('no Docker Engine to watch', { error });
      said = true;
    }
    if (signal.aborted) return;
    options.lost();
    await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // ends the loop above
  }
}

async function readLines(stream: AsyncIterable<unknown>, take: (event: DockerEvent) => void): Promise<void> {
  let rest = '';
  for await (const chunk of stream) {
    rest += String(chunk);
    const lines = rest.split('\n');
    rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) {
      const event = line === '' ? undefined : parseEvent(line);
      if (event !== undefined) take(event);
    }
  }
}
