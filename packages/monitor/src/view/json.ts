/** Summaries as JSON, made once for all requests and messages that hold them. */

import type { RenderedNode } from './summarise.ts';
import type { NodeSummary } from './summary.ts';

const texts = new WeakMap<NodeSummary, string>();

/** In Scope's shape; `withFlows` adds the rates of what flows to other nodes. */
export function jsonOf({ summary }: RenderedNode, withFlows: boolean): string {
  const known = texts.get(summary);
  if (!withFlows && known !== undefined) return known;
  if (withFlows && summary.flows !== undefined) return JSON.stringify(summary);
  const { flows: _flows, ...plain } = summary;
  const text = known ?? JSON.stringify(plain);
  texts.set(summary, text);
  return text;
}

/** `{"nodes":{id: summary}}` */
export function nodesJson(nodes: ReadonlyMap<string, RenderedNode>, withFlows: boolean): string {
  const entries = Array.from(nodes, ([id, node]) => `${JSON.stringify(id)}:${jsonOf(node, withFlows)}`);
  return `{"nodes":{${entries.join(',')}}}`;
}
