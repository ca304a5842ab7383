/** What is sent to clients that follow a view: everything first, then what differs, in Scope's shape. */
import { bytesOf, jsonOf } from '../view/json.ts';
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

/** The parts of a JSON list, or `null`. */
function listed(items: readonly string[] | undefined): string[] {
  if (items === undefined) return ['null'];
  return ['[', ...items.flatMap((item, index) => (index === 0 ? [item] : [',', item])), ']'];
}

/** One message, and what a client knows by it. */
export interface Message {
  /** JSON, encoded once for all who are sent it. */
  readonly bytes: Buffer;
  readonly nodes: readonly RenderedNode[];
  readonly removed: readonly string[];
}

/** Messages that bring a client from one state of a view to the next; none if there is nothing to say. */
export function* messages(before: Nodes | undefined, after: Nodes, withFlows: boolean): Generator<Message> {
  const { add, update, remove } = differenceOf(before ?? new Map(), after);
  const json = (node: RenderedNode) => jsonOf(node, withFlows);
  let reset = before === undefined ? ',"reset":true' : '';
  const message = (
    added?: readonly RenderedNode[],
    updated?: readonly RenderedNode[],
    removed?: readonly string[],
  ) => {
    const ids = removed?.map((id) => JSON.stringify(id));
    const bytes = bytesOf([
      ...['{"add":', ...listed(added?.map(json))],
      ...[',"update":', ...listed(updated?.map(json))],
      ...[',"remove":', ...listed(ids), `${reset}}`],
    ]);
    reset = '';
    return { bytes, nodes: added ?? updated ?? [], removed: removed ?? [] };
  };
  if (before === undefined && add.length === 0) yield message();
  for (const some of slices(add)) yield message(some);
  // What has come or gone is told before what has merely changed.
  if (remove.length > 0) yield message(undefined, undefined, remove);
  for (const some of slices(update)) yield message(undefined, some);
}

/** What a client knows that was told some of the messages only. */
export function toldBy(before: Nodes | undefined, some: readonly Message[]): Nodes {
  const told = new Map(before);
  for (const { nodes, removed } of some) {
    for (const node of nodes) told.set(node.summary.id, node);
    for (const id of removed) told.delete(id);
  }
  return told;
}
