/** What can be done with nodes. */
import { z } from 'zod';
import { request } from '../../api/index.ts';
import type { Control } from './schema.ts';

const controlAnswer = z.object({
  value: z.string().optional(),
  /** Bytes follow at `WS /api/pipe/ID`. */
  pipe: z.string().optional(),
  raw_tty: z.boolean().optional(),
  resize_tty_control: z.string().optional(),
  removedNode: z.string().optional(),
});

export type ControlAnswer = z.output<typeof controlAnswer>;
type Arguments = Readonly<Record<string, string>>;

/** @throws ApiError */
export function runControl(
  { probeId, nodeId, id }: Pick<Control, 'probeId' | 'nodeId' | 'id'>,
  given: Arguments = {},
): Promise<ControlAnswer> {
  const path = ['/api/control', ...[probeId, nodeId, id].map(encodeURIComponent)].join('/');
  return request(path, { method: 'POST', body: given, schema: controlAnswer });
}

const results = z.object({
  results: z.array(z.object({ node: z.string(), ok: z.boolean(), message: z.string().optional() })),
});

export type ControlResult = z.output<typeof results>['results'][number];

/** One control on many nodes, with a result for each. @throws ApiError */
export async function runOnMany(
  control: string,
  nodes: readonly string[],
): Promise<readonly ControlResult[]> {
  const body = { control, nodes: nodes.map((id) => ({ id })) };
  return (await request('/api/controls', { method: 'POST', body, schema: results })).results;
}

/** Labels that the monitor keeps. @throws ApiError */
export const changeLabels = (body: {
  readonly nodes: readonly string[];
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}): Promise<undefined> => request('/api/labels', { method: 'POST', body });
