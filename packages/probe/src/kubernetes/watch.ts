/** Lists a kind of objects and follows its changes. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from '@orchestrator/runtime';
import { createBackoff } from '@orchestrator/runtime/backoff';
import { type Clock, sleep } from '@orchestrator/runtime/clock';
import { ProbeError } from '../errors.ts';
import { onceLogged } from '../http/asked.ts';
import type { JsonClient } from '../http/json-client.ts';
import { type Json, numberOf, objectOf, objectsOf, textOf } from '../json/read.ts';

export interface WatchOptions {
  readonly client: JsonClient;
  /** `/api/v1/pods` */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** All there are; what was told before and is not among them is gone. */
  readonly listed: (objects: readonly Json[]) => void;
  readonly changed: (object: Json) => void;
  readonly deleted: (object: Json) => void;
}

const pageSize = 500;
/** The server ends a watch after it, so that one that is stuck does not stay for ever. */
const watchTimeoutS = 290;
/** A silent connection is given up soon after the server should have ended it. */
const silenceMs = (watchTimeoutS + 30) * 1000;
const longestLine = 4 * 2 ** 20;

const versionOf = (json: Json) => textOf(objectOf(json.metadata).resourceVersion);

/** Where it is too old to go on from, everything is listed anew. */
class TooOld extends Error {}

async function listAll({ client, path }: WatchOptions): Promise<{ objects: Json[]; version: string }> {
  const objects: Json[] = [];
  let next = '';
  for (;;) {
    const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const page = objectOf(await client.json(`${path}?${query}`));
    objects.push(...objectsOf(page.items));
    next = textOf(objectOf(page.metadata).continue);
    if (next === '') return { objects, version: versionOf(page) };
  }
}

/** Follows until `signal` aborts: list, watch, and after a break watch again from where it was. */
export async function watchKind(options: WatchOptions): Promise<void> {
  const { path, clock, logger, signal, listed } = options;
  const backoff = createBackoff({ firstDelayMs: 250, maxDelayMs: 30_000 });
  const log = onceLogged(logger, `${path} cannot be watched`);
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const all = await listAll(options);
        if (signal.aborted) return;
        listed(all.objects);
        version = all.version;
      }
      version = await follow(options, version);
      log.worked();
      backoff.reset();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof TooOld || (error instanceof ProbeError && error.code === 'compacted'))
        version = undefined;
      else log.failed(error);
      await sleep(clock, backoff.nextDelayMs(), signal).catch(() => undefined); // ends the loop
    }
  }
}

/** One watch, until the server ends it. @returns from where to go on */
async function follow(options: WatchOptions, from: string): Promise<string> {
  const { client, path, clock, signal } = options;
  const query = `watch=1&allowWatchBookmarks=true&timeoutSeconds=${watchTimeoutS}&resourceVersion=${from}`;
  const stream = await client.stream(`${path}?${query}`);
  const stop = () => stream.destroy();
  const patience = clock.after(silenceMs, stop, { background: true });
  signal.addEventListener('abort', stop, { once: true });
  let version = from;
  try {
    if (signal.aborted) return version;
    for await (const line of linesOf(stream)) version = take(options, JSON.parse(line)) || version;
    return version;
  } catch (error) {
    // Cut off in the middle of it: what was told before counts.
    if (error instanceof TooOld || version === from) throw error;
    return version;
  } finally {
    patience.cancel();
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** @returns the version that the event stands for */
function take({ changed, deleted }: WatchOptions, event: unknown): string {
  const { type, object: about } = objectOf(event);
  const object = objectOf(about);
  if (type === 'ADDED' || type === 'MODIFIED') changed(object);
  else if (type === 'DELETED') deleted(object);
  else if (type === 'ERROR') {
    if (numberOf(object.code) === 410) throw new TooOld();
    throw new ProbeError(`the watch was refused: ${textOf(object.message)}`, {
      code: 'unavailable',
      retryable: true,
    });
  }
  return versionOf(object);
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    rest += chunk;
    if (rest.length > longestLine)
      throw new ProbeError(`an event is longer than ${longestLine} bytes`, { code: 'limit' });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
}
