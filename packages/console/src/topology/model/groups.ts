/** By what nodes can be put together, and which group each of them is in. */
import type { NodeSummary } from './schema.ts';

export interface GroupKind {
  /** `parent:VIEW`, `label:KEY` or `row:ID`. */
  readonly id: string;
  readonly label: string;
}

/** Beyond this a key tells nodes apart rather than putting them together. */
const maxKinds = 30;

const parentNames: Readonly<Record<string, string>> = {
  'containers-by-image': 'image',
  hosts: 'host',
  pods: 'pod',
  services: 'service',
  'kube-controllers': 'controller',
  'mesos-frameworks': 'framework',
  'mesos-agents': 'agent',
  'marathon-apps': 'Marathon app',
  containers: 'container',
};

const namespaceRow = /(^|_)namespace$/;
const labelTable = /label/i;

function* labelsOf({ tables = [] }: NodeSummary): Generator<readonly [key: string, value: string]> {
  for (const { id, rows } of tables) {
    if (!labelTable.test(id)) continue;
    for (const { entries } of rows)
      if (entries.label !== undefined) yield [entries.label, entries.value ?? ''];
  }
}

function* kindsOfNode(node: NodeSummary): Generator<GroupKind> {
  for (const { id } of node.metadata ?? [])
    if (namespaceRow.test(id)) yield { id: `row:${id}`, label: 'namespace' };
  for (const { topologyId } of node.parents ?? []) {
    yield { id: `parent:${topologyId}`, label: parentNames[topologyId] ?? topologyId };
  }
  for (const [key] of labelsOf(node)) yield { id: `label:${key}`, label: `label ${key}` };
}

/** Those that more than one node has, namespaces and parents before labels, the commonest first. */
export function groupKinds(nodes: Iterable<NodeSummary>): readonly GroupKind[] {
  const kinds = new Map<string, GroupKind & { count: number }>();
  for (const node of nodes) {
    for (const kind of kindsOfNode(node)) {
      const known = kinds.get(kind.id);
      if (known === undefined) kinds.set(kind.id, { ...kind, count: 1 });
      else known.count++;
    }
  }
  const order = ({ id }: GroupKind) => ['row:', 'parent:', 'label:'].findIndex((kind) => id.startsWith(kind));
  return [...kinds.values()]
    .filter(({ count }) => count > 1)
    .sort((a, b) => order(a) - order(b) || b.count - a.count || (a.label < b.label ? -1 : 1))
    .slice(0, maxKinds);
}

/** The name of the node's group; undefined if it is in none. */
export function groupOf(node: NodeSummary, kind: string): string | undefined {
  const at = kind.indexOf(':');
  const [type, key] = [kind.slice(0, at), kind.slice(at + 1)];
  if (type === 'parent') return node.parents?.find(({ topologyId }) => topologyId === key)?.label;
  if (type === 'row') return node.metadata?.find(({ id }) => id === key)?.value;
  if (type === 'label') for (const [name, value] of labelsOf(node)) if (name === key) return value;
  return undefined;
}
