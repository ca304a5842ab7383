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
  /** Something differs that is not in it. */
  readonly isPart: boolean;
}

/** `all`: everything that differs. `news`: without nodes of which only measurements have changed. */
export type Extent = 'all' | 'news';

/** Whether only measurements have changed: metrics, and the rates of what flows. */
function isMeasured(before: RenderedNode, after: RenderedNode): boolean {
  if (before.lasting !== after.lasting || before.flows.size !== after.flows.size) return false;
  if (before.flows === after.flows) return true;
  for (const id of after.flows.keys()) if (!before.flows.has(id)) return false;
  return true;
}

function differenceOf(before: Nodes, after: Nodes, extent: Extent): Difference {
  const [add, update]: [RenderedNode[], RenderedNode[]] = [[], []];
  const remove: string[] = [];
  let isPart = false;
  for (const [id, node] of after) {
    const known = before.get(id);
    if (known === undefined) add.push(node);
    else if (known.summary === node.summary) continue;
    else if (extent === 'news' && isMeasured(known, node)) isPart = true;
    else update.push(node);
  }
  for (const id of before.keys()) if (!after.has(id)) remove.push(id);
  return { add, update, remove, isPart };
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

/** From one state of a view towards the next. */
export interface Step {
  /** None if there is nothing to say. */
  readonly messages: Iterable<Message>;
  /** Less than the next state is told. */
  readonly isPart: boolean;
}

/** What brings a client from what it knows, undefined for nothing, to `after`. */
export function stepTo(before: Nodes | undefined, after: Nodes, extent: Extent, withFlows: boolean): Step {
  const difference = differenceOf(before ?? new Map(), after, extent);
  return { messages: messages(difference, before === undefined, withFlows), isPart: difference.isPart };
}

function* messages(
  { add, update, remove }: Difference,
  isFirst: boolean,
  withFlows: boolean,
): Generator<Message> {
  const json = (node: RenderedNode) => jsonOf(node, withFlows);
  let reset = isFirst ? ',"reset":true' : '';
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
  if (isFirst && add.length === 0) yield message();
  for (const some of slices(add)) yield message(some);
  // What has come or gone is told before what has merely changed.
  if (remove.length > 0) yield message(undefined, undefined, remove);
  for (const some of slices(update)) yield message(undefined, some);
}

/** What a client knows that was told some of the messages only. */
export function toldBy(before: Nodes | undefined, some: readonly Message[]): Nodes | undefined {
  if (some.length === 0) return before;
  const told = new Map(before);
  for (const { nodes, removed } of some) {
    for (const node of nodes) told.set(node.summary.id, node);
    for (const id of removed) told.delete(id);
  }
  return told;
}
