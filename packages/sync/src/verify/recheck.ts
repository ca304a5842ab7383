/**
 * A second look at what differed: a change on its way makes a difference that goes by itself. A node counts as different
 * when it stays the same on both sides for a while and they still disagree; one that keeps changing on both is on its way.
 */
import { type Clock, sleep } from '@orchestrator/runtime';
import type { ZooKeeperClient } from '@orchestrator/zookeeper';
import type { Difference } from '../engine-types.ts';
import { readView } from './live.ts';
import { differingFields, type NodeView } from './node-view.ts';

export interface RecheckOptions {
  readonly source: ZooKeeperClient;
  readonly target: ZooKeeperClient;
  readonly ignoresKind: (path: string) => boolean;
  /** What was found at last of a path that does not move any more. */
  readonly onSettled: (path: string, source: NodeView | undefined, target: NodeView | undefined) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface RecheckResult {
  readonly differences: Difference[];
  /** Changed on both sides whenever looked at. */
  readonly moving: Difference[];
}

const lookEveryMs = 150;
/** Unchanged and different for so long: no change is on its way. */
const stillForMs = 2_500;
const longestMs = 20_000;
const pathsAtOnce = 128;

interface Suspect {
  readonly path: string;
  readonly fields: Difference['fields'];
  readonly views: readonly [source: NodeView | undefined, target: NodeView | undefined];
  readonly seen: string;
  readonly sinceMs: number;
}

export async function recheck(paths: Iterable<string>, options: RecheckOptions): Promise<RecheckResult> {
  const { clock, signal } = options;
  const startedMs = clock.monotonicMs();
  const result: RecheckResult = { differences: [], moving: [] };
  let suspects: Suspect[] = [...paths].map((path) => ({
    path,
    fields: [],
    views: [undefined, undefined],
    seen: '',
    sinceMs: startedMs,
  }));
  while (suspects.length > 0) {
    const left: Suspect[] = [];
    for (let start = 0; start < suspects.length; start += pathsAtOnce) {
      const slice = suspects.slice(start, start + pathsAtOnce);
      const looks = await Promise.all(slice.map((suspect) => look(suspect, options)));
      left.push(...looks.filter((suspect) => suspect !== undefined));
    }
    const nowMs = clock.monotonicMs();
    const isOver = nowMs - startedMs > longestMs;
    suspects = left.filter((suspect) => {
      const { path, fields, views } = suspect;
      const isStill = nowMs - suspect.sinceMs > stillForMs;
      if (isStill) {
        result.differences.push({ path, fields });
        options.onSettled(path, ...views);
      } else if (isOver) {
        result.moving.push({ path, fields });
      }
      return !isStill && !isOver;
    });
    if (suspects.length > 0) await sleep(clock, lookEveryMs, signal);
  }
  return result;
}

/** `undefined`: the same on both sides. */
async function look(suspect: Suspect, options: RecheckOptions): Promise<Suspect | undefined> {
  const { source, target, clock } = options;
  const { path } = suspect;
  const [a, b] = await Promise.all([readView(source, path), readView(target, path)]);
  const fields = differingFields(a, b, { ignoresKind: options.ignoresKind(path) });
  if (fields.length === 0) {
    options.onSettled(path, a, b);
    return undefined;
  }
  const seen = `${stateText(a)}/${stateText(b)}`;
  const sinceMs = seen === suspect.seen ? suspect.sinceMs : clock.monotonicMs();
  return { path, fields, views: [a, b], seen, sinceMs };
}

const stateText = (view: NodeView | undefined) =>
  view === undefined ? '-' : `${view.version}:${view.aversion}:${view.ephemeralOwner}:${view.dataHash}`;
