/** Summaries as JSON, made once for all requests and messages that hold them. */
import type { RenderedNode } from './summarise.ts';
import type { LastingSummary, NodeSummary } from './summary.ts';

const texts = new WeakMap<NodeSummary, string>();
/** Without the closing brace. It is most of a summary, and stays while metrics change. */
const lastingTexts = new WeakMap<LastingSummary, string>();

function lastingText(lasting: LastingSummary): string {
  const known = lastingTexts.get(lasting);
  if (known !== undefined) return known;
  const text = JSON.stringify(lasting).slice(0, -1);
  lastingTexts.set(lasting, text);
  return text;
}

function textOf({ summary, lasting }: RenderedNode, withFlows: boolean): string {
  const { metrics, adjacency, flows } = summary;
  // What is undefined is left out.
  const changing = JSON.stringify(withFlows ? { metrics, adjacency, flows } : { metrics, adjacency });
  return changing === '{}' ? `${lastingText(lasting)}}` : `${lastingText(lasting)},${changing.slice(1)}`;
}

/** In Scope's shape; `withFlows` adds the rates of what flows to other nodes. */
export function jsonOf(node: RenderedNode, withFlows: boolean): string {
  const { summary } = node;
  if (withFlows && summary.flows !== undefined) return textOf(node, true);
  const known = texts.get(summary);
  if (known !== undefined) return known;
  const text = textOf(node, false);
  texts.set(summary, text);
  return text;
}

/** Several texts as UTF-8. One copy each: joining them to one text first would take several times as long. */
export function bytesOf(parts: readonly string[]): Buffer {
  let length = 0;
  for (const part of parts) length += Buffer.byteLength(part);
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) at += bytes.write(part, at);
  return bytes;
}

/** Characters: few enough that others have their turn in between, and that the first are read while the last are made. */
const pieceLength = 256 * 1024;

/** `{"nodes":{id: summary}}`, in pieces. */
export function* nodesJson(
  nodes: ReadonlyMap<string, RenderedNode>,
  withFlows: boolean,
): Generator<Buffer, void> {
  let [parts, length, separator] = [['{"nodes":{'], 0, ''];
  for (const [id, node] of nodes) {
    const text = jsonOf(node, withFlows);
    parts.push(`${separator}${JSON.stringify(id)}:`, text);
    separator = ',';
    length += text.length;
    if (length < pieceLength) continue;
    yield bytesOf(parts);
    [parts, length] = [[], 0];
  }
  parts.push('}}');
  yield bytesOf(parts);
}
