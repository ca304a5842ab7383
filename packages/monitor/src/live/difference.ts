/** What is sent to clients that follow a view: everything first, then what differs, in Scope's shape. */
import { jsonOf } from '../view/json.ts';
import type { RenderedNode } from '../view/summarise.ts';

export type Nodes = ReadonlyMap<string, RenderedNode>;

/** Nodes in one message; more are told in further ones, so that no message holds the event loop for long. */
const nodesPerMessage = 500;

interface Difference {
  readonly add: readonly RenderedNode[];
  readonly update: readonly RenderedNode[];
  readonly remove: readonly string[];
}

export function differenceOf(before: Nodes, after: Nodes): Difference {
  const [add, update]: [RenderedNode[], RenderedNode[]] = [[], []];
  const remove: string[] = [];
  for (const [id, node] of after) {
    const known = before.get(id);
    if (known === undefined) add.push(node);
    else if (known.summary !== node.summary) update.push(node);
  }
  for (const id of before.keys()) if (!after.has(id)) remove.push(id);
  return { add, update, remove };
}

function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += nodesPerMessage) {
    yield items.slice(start, start + nodesPerMessage);
  }
}

const list = (items: readonly string[] | undefined) =>
  items === undefined ? 'null' : `[${items.join(',')}]`;

/** Messages that bring a client from one state of a view to the next; none if there is nothing to say. */
export function* messages(before: Nodes | undefined, after: Nodes, withFlows: boolean): Generator<string> {
  const { add, update, remove } = differenceOf(before ?? new Map(), after);
  const json = (node: RenderedNode) => jsonOf(node, withFlows);
  let reset = before === undefined ? ',"reset":true' : '';
  const message = (added?: readonly string[], updated?: readonly string[], removed?: readonly string[]) => {
    const text = `{"add":${list(added)},"update":${list(updated)},"remove":${list(removed)}${reset}}`;
    reset = '';
    return text;
  };
  if (before === undefined && add.length === 0) yield message();
  for (const some of slices(add)) yield message(some.map(json));
  // What has come or gone is told before what has merely changed.
  if (remove.length > 0)
    yield message(
      undefined,
      undefined,
      remove.map((id) => JSON.stringify(id)),
    );
  for (const some of slices(update)) yield message(undefined, some.map(json));
}
