/** What is drawn of a view: its nodes, with closed groups as one node each and what flows between them summed up. */
import type { Tone } from '../../ui/index.ts';
import { groupOf } from './groups.ts';
import type { Nodes } from './live-view.ts';
import { formatMetric, type Measure, metricOf } from './metrics.ts';
import { type NodeState, stateOf } from './node-state.ts';
import type { NodeSummary } from './schema.ts';

export interface DrawnNode {
  readonly id: string;
  readonly label: string;
  /** What is written below its name: how it is doing where that is not well, and what tells it from the others. */
  readonly minor: string;
  readonly shape: string;
  readonly tone: Tone;
  readonly isPseudo: boolean;
  /** Members of a closed group; 0 for a node. */
  readonly members: number;
  /** Of the chosen metric, 0 to 1 of all that there could be; undefined if the node has it not. */
  readonly level: number | undefined;
  /** The same, 0 to 1 of the most that any node has. */
  readonly size: number | undefined;
  /** Name of the group it is in or stands for. */
  readonly group: string | undefined;
  /** What it is one of, such as its image; empty where that is not known. */
  readonly kind: string;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** Flows of nodes that it stands for. */
  readonly count: number;
  readonly connections: number;
  /** Both ways. */
  readonly bytesPerS: number;
}

export interface Drawn {
  /** Nodes by how they are doing, also those in closed groups; without what is outside. */
  readonly tones: ReadonlyMap<Tone, number>;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

export interface DrawOptions {
  /** Id of a group kind; undefined: nothing is grouped. */
  readonly group: string | undefined;
  /** Names of groups whose members are drawn. */
  readonly open: ReadonlySet<string>;
  readonly metric: string | undefined;
  readonly measure: Measure | undefined;
}

export const groupPrefix = 'group ';

const severity: readonly Tone[] = ['bad', 'warn', 'info', 'ok', 'idle'];

const shareOf = (value: number | undefined, whole: number) =>
  value === undefined || whole <= 0 ? undefined : Math.min(1, value / whole);

interface Naming {
  readonly options: DrawOptions;
  /** All nodes have the same second line, which so tells nothing. */
  readonly isMinorCommon: boolean;
}

function minorOf(
  node: NodeSummary,
  { tone, text }: NodeState,
  { options: { metric }, isMinorCommon }: Naming,
): string {
  const measured = metric === undefined ? undefined : metricOf(node, metric);
  const plain = isMinorCommon && node.pseudo !== true ? node.rank : node.labelMinor;
  const minor = measured === undefined ? plain : formatMetric(measured.value, measured.format);
  const isWell = tone === 'ok' || tone === 'info' || node.pseudo === true;
  return [isWell ? '' : text, minor === node.label ? '' : minor].filter((part) => part !== '').join(' · ');
}

function nodeDrawn(node: NodeSummary, group: string | undefined, naming: Naming): DrawnNode {
  const { id, label, shape, rank, pseudo = false } = node;
  const { metric, measure = { full: 0, largest: 0 } } = naming.options;
  const value = metric === undefined ? undefined : metricOf(node, metric)?.value;
  const state = stateOf(node);
  return {
    id,
    label,
    minor: minorOf(node, state, naming),
    shape,
    tone: state.tone,
    isPseudo: pseudo,
    members: 0,
    level: shareOf(value, measure.full),
    size: shareOf(value, measure.largest),
    group,
    kind: rank,
  };
}

function isMinorCommon(nodes: Nodes): boolean {
  let first: string | undefined;
  for (const { pseudo, labelMinor } of nodes.values()) {
    if (pseudo === true) continue;
    first ??= labelMinor;
    if (labelMinor !== first) return false;
  }
  return nodes.size > 1;
}

function groupDrawn(name: string, members: readonly DrawnNode[]): DrawnNode {
  const levels = members.map(({ level }) => level).filter((level) => level !== undefined);
  const tone = severity.find((each) => members.some((member) => member.tone === each)) ?? 'info';
  return {
    ...{
      id: `${groupPrefix}${name}`,
      label: name,
      minor: `${members.length} nodes`,
      shape: members[0]?.shape ?? '',
    },
    ...{ tone, isPseudo: false, members: members.length, group: name, kind: '' },
    level: levels.length === 0 ? undefined : levels.reduce((sum, level) => sum + level, 0) / levels.length,
    size: undefined,
  };
}

interface Sum {
  count: number;
  connections: number;
  bytesPerS: number;
}

function edgesOf(nodes: Nodes, placeOf: ReadonlyMap<string, string>): DrawnEdge[] {
  const sums = new Map<string, Map<string, Sum>>();
  for (const node of nodes.values()) {
    const from = placeOf.get(node.id);
    if (from === undefined || node.adjacency === undefined) continue;
    const { flows = [] } = node;
    for (const [at, id] of node.adjacency.entries()) {
      const to = placeOf.get(id);
      if (to === undefined || to === from) continue;
      const targets = sums.get(from) ?? new Map<string, Sum>();
      sums.set(from, targets);
      const sum = targets.get(to) ?? { count: 0, connections: 0, bytesPerS: 0 };
      targets.set(to, sum);
      // They come in the same order.
      const flow = flows[at]?.id === id ? flows[at] : flows.find((other) => other.id === id);
      sum.count++;
      sum.connections += flow?.connections ?? 0;
      sum.bytesPerS += (flow?.sentBytesPerS ?? 0) + (flow?.receivedBytesPerS ?? 0);
    }
  }
  const edges: DrawnEdge[] = [];
  for (const [from, targets] of sums) for (const [to, sum] of targets) edges.push({ from, to, ...sum });
  return edges;
}

export function draw(nodes: Nodes, options: DrawOptions): Drawn {
  const { group: kind, open } = options;
  const drawn: DrawnNode[] = [];
  const closed = new Map<string, DrawnNode[]>();
  const placeOf = new Map<string, string>();
  const tones = new Map<Tone, number>();
  const naming = { options, isMinorCommon: isMinorCommon(nodes) };
  for (const node of nodes.values()) {
    const group = kind === undefined || node.pseudo === true ? undefined : groupOf(node, kind);
    const made = nodeDrawn(node, group, naming);
    if (!made.isPseudo) tones.set(made.tone, (tones.get(made.tone) ?? 0) + 1);
    if (group === undefined || open.has(group)) {
      drawn.push(made);
      placeOf.set(node.id, node.id);
    } else {
      const members = closed.get(group) ?? [];
      closed.set(group, members);
      members.push(made);
      placeOf.set(node.id, `${groupPrefix}${group}`);
    }
  }
  for (const [name, members] of closed) {
    const [only] = members;
    // One alone is shown as what it is.
    if (members.length === 1 && only !== undefined) {
      drawn.push({ ...only, group: undefined });
      placeOf.set(only.id, only.id);
    } else drawn.push(groupDrawn(name, members));
  }
  return { nodes: drawn, edges: edgesOf(nodes, placeOf), tones };
}
