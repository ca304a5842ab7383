import { type Clock, createBackoff, type Random, sleep } from '@orchestrator/runtime';
import { compactedError } from '../errors.ts';
import type { StoreEvent, WatchOptions } from '../store.ts';
import type { Connection } from './connection.ts';
import { type KeySpace, rangeOf } from './keys.ts';
import { methods, type WatchResponse } from './rpc.ts';
import { judge } from './status.ts';

interface WatchParts {
  connection: Connection;
  keys: KeySpace;
  closed: AbortSignal;
  clock: Clock;
  random: Random;
}

/**
 * One gRPC stream per watch, opened again wherever it broke. A reader that stops reading stops the stream's flow; etcd
 * then serves it from its history, so nothing piles up on either side.
 */
export async function* watchEtcd(
  { connection, keys, closed, clock, random }: WatchParts,
  prefix: string,
  fromRevision: number,
  { signal }: WatchOptions = {},
): AsyncGenerator<StoreEvent> {
  const stop = signal === undefined ? closed : AbortSignal.any([closed, signal]);
  const backoff = createBackoff({ firstDelayMs: 50, maxDelayMs: 1000, random });
  let next = Math.max(1, fromRevision);
  let opened: Awaited<ReturnType<typeof openWatch>> | undefined;
  const cancel = () => opened?.stream.cancel();
  stop.addEventListener('abort', cancel);
  try {
    while (!stop.aborted) {
      try {
        opened = await openWatch(connection, keys.encode(prefix), next);
        if (stop.aborted) break;
        for await (const response of opened.stream as AsyncIterable<WatchResponse>) {
          if (response.canceled) throw cancellation(response, prefix, next);
          for (const event of response.events) {
            if (stop.aborted) break;
            yield toEvent(keys, event);
          }
          // A response holds all changes of the revisions in it.
          next = Math.max(next, Number(response.events.at(-1)?.kv.mod_revision ?? 0) + 1);
          backoff.reset();
        }
      } catch (failure) {
        if (stop.aborted) break;
        const { error, passing, staleToken } = opened?.judge(failure) ?? judge('any host', failure, false);
        if (!passing && !error.retryable && staleToken !== true) throw error;
      }
      await sleep(clock, backoff.nextDelayMs(), stop).catch(() => undefined); // the loop looks at the signal
    }
  } finally {
    stop.removeEventListener('abort', cancel);
    cancel();
  }
  if (signal?.aborted !== true) throw closed.reason;
}

async function openWatch(connection: Connection, prefix: Buffer, fromRevision: number) {
  const opened = await connection.stream(methods.watch);
  opened.stream.write({ create_request: { ...rangeOf(prefix), start_revision: fromRevision } });
  return opened;
}

function cancellation(response: WatchResponse, prefix: string, from: number): Error {
  const keptFrom = Number(response.compact_revision);
  if (keptFrom > 0) return compactedError(prefix, from, keptFrom);
  // In the form of a failed call: the same reasons are given either way.
  return Object.assign(new Error(response.cancel_reason), { code: 14, details: response.cancel_reason });
}

function toEvent(keys: KeySpace, { type, kv }: WatchResponse['events'][number]): StoreEvent {
  const { key, revision } = { key: keys.decode(kv.key), revision: Number(kv.mod_revision) };
  return type === 'DELETE'
    ? { type: 'delete', key, revision }
    : { type: 'put', key, revision, value: kv.value };
}
