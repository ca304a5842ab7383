/** Summaries as JSON, made once for all requests and messages that hold them. */
import type { RenderedNode } from './summarise.ts';
import type { NodeSummary } from './summary.ts';

const texts = new WeakMap<NodeSummary, string>();
/** Of rows, parents and tables, which are most of a summary and stay while its metrics change. */
const lasting = new WeakMap<object, string>();

function lastingText(value: object): string {
  const known = lasting.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  lasting.set(value, text);
  return text;
}

function textOf(summary: NodeSummary, withFlows: boolean): string {
  const { metadata, parents, tables } = summary;
  // What is undefined is left out.
  const changing = { ...summary, metadata: undefined, parents: undefined, tables: undefined };
  let text = JSON.stringify(withFlows ? changing : { ...changing, flows: undefined }).slice(0, -1);
  if (metadata !== undefined) text += `,"metadata":${lastingText(metadata)}`;
  if (parents !== undefined) text += `,"parents":${lastingText(parents)}`;
  if (tables !== undefined) text += `,"tables":${lastingText(tables)}`;
  return `${text}}`;
}

/** In Scope's shape; `withFlows` adds the rates of what flows to other nodes. */
export function jsonOf({ summary }: RenderedNode, withFlows: boolean): string {
  if (withFlows && summary.flows !== undefined) return textOf(summary, true);
  const known = texts.get(summary);
  if (known !== undefined) return known;
  const text = textOf(summary, false);
  texts.set(summary, text);
  return text;
}

/** Characters: few enough that others have their turn in between, and that the first are read while the last are made. */
const pieceLength = 256 * 1024;

/** `{"nodes":{id: summary}}`, in pieces. */
export function* nodesJson(
  nodes: ReadonlyMap<string, RenderedNode>,
  withFlows: boolean,
): Generator<string, void> {
  let [piece, separator] = ['{"nodes":{', ''];
  for (const [id, node] of nodes) {
    piece += `${separator}${JSON.stringify(id)}:${jsonOf(node, withFlows)}`;
    separator = ',';
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}}}`;
}
