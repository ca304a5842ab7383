import { dataHash } from '@orchestrator/zookeeper';
import type { Context } from './context.ts';
import type { MirrorNode } from './mirror.ts';
import type { Side } from './types.ts';

export type Data =
  | { readonly known: true; readonly data: Buffer | null }
  | { readonly known: false; readonly failed?: string };

/** The data of `node` at `path` on `side`; asks for it where it is not at hand. */
export function dataOf(ctx: Context, side: Side, path: string, node: MirrorNode): Data {
  const pending = ctx.dirty.get(path)?.[side]?.data;
  if (pending !== undefined && dataHash(pending) === node.dataHash) return { known: true, data: pending };
  const answer = ctx.reads.answer(side, path);
  if (answer?.kind === 'failed') return { known: false, failed: answer.code };
  if (answer?.kind === 'value' && answer.value !== null && dataHash(answer.value.data) === node.dataHash) {
    return { known: true, data: answer.value.data };
  }
  ctx.reads.want(side, path);
  return { known: false };
}

/** Hands out one `read` a side for all that was asked for. */
export function sendReads(ctx: Context): void {
  for (const side of ['source', 'target'] as const) {
    const request = ctx.nextId;
    const paths = ctx.reads.takeWanted(side, request);
    if (paths.length === 0) continue;
    ctx.nextId++;
    ctx.out.push({ kind: 'read', side, request, paths });
  }
}
