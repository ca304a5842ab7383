/** Asks together for what the settlings at hand will need: one by one, each would cost a round trip. */
import type { Context } from './context.ts';
import { dataOf } from './data-of.ts';
import type { Lane } from './lane.ts';

/** Works looked at, and bytes asked for, in one go. */
const worksAhead = 1_000;
const bytesAhead = 4 * 1024 * 1024;

export function readAhead(ctx: Context, lane: Lane): void {
  if (lane.queue.peek()?.ops[0]?.kind !== 'settle' || ctx.reads.isAsking(lane.from)) return;
  if (ctx.reads.held(lane.from) > worksAhead / 2) return;
  let works = 0;
  let bytes = 0;
  for (const { ops } of lane.queue) {
    if (++works > worksAhead || bytes > bytesAhead) return;
    for (const op of ops) if (op.kind === 'settle') bytes += ask(ctx, lane, op.path);
  }
}

/** Bytes that this takes. */
function ask(ctx: Context, lane: Lane, path: string): number {
  const near = ctx.sides[lane.from].mirror.get(path);
  if (near === undefined) return 0;
  const isThere = ctx.sides[lane.to].mirror.get(path)?.dataHash === near.dataHash;
  if (isThere || dataOf(ctx, lane.from, path, near).known) return 0;
  return near.dataLength ?? 0;
}
