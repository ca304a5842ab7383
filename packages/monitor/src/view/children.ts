/** What a node of a view is made of: the way down. */
import type { Report } from '@orchestrator/report';
import { viewOfTopology } from './definitions.ts';
import type { Graph, GraphNode } from './graph.ts';
import { imageGroupId, imageNameOf } from './grouping.ts';
import { type Addresses, ancestorsOf, nodeOf } from './lineage.ts';
import { countLabel, shapeOf } from './names.ts';
import { parentsOf } from './parents.ts';
import { summariseNode } from './summarise.ts';
import type { NodeSummary } from './summary.ts';

interface Column {
  readonly id: string;
  readonly label: string;
  readonly defaultSort: boolean;
  readonly dataType: string;
}

export interface ChildGroup {
  readonly id: string;
  readonly label: string;
  readonly nodes: readonly NodeSummary[];
  readonly topologyId: string;
  readonly columns: readonly Column[];
}

const maxChildren = 2_000;

const number = (id: string, label: string): Column => ({ id, label, defaultSort: false, dataType: 'number' });

interface Kind {
  readonly topology: string;
  readonly label: string;
  readonly columns: readonly Column[];
  /** Topologies of the nodes that have such children. */
  readonly of: readonly string[];
}

const platforms = [
  'pod',
  'service',
  'deployment',
  'daemon_set',
  'stateful_set',
  'cron_job',
  'job',
  'namespace',
  'marathon_app',
];
const mesos = ['mesos_framework', 'mesos_agent', 'mesos_task'];

const kinds: readonly Kind[] = [
  { topology: 'marathon_app', label: 'Apps', columns: [], of: ['mesos_framework'] },
  {
    topology: 'mesos_task',
    label: 'Tasks',
    columns: [],
    of: ['mesos_framework', 'mesos_agent', 'marathon_app'],
  },
  { topology: 'pod', label: 'Pods', columns: [], of: ['host', ...platforms.slice(1)] },
  {
    topology: 'container',
    label: 'Containers',
    columns: [number('docker_cpu_total_usage', 'CPU'), number('docker_memory_usage', 'Memory')],
    of: ['host', 'container', ...platforms, ...mesos],
  },
  {
    topology: 'process',
    label: 'Processes',
    columns: [
      number('pid', 'PID'),
      number('process_cpu_usage_percent', 'CPU'),
      number('process_memory_usage_bytes', 'Memory'),
    ],
    of: ['host', 'container', 'process', ...platforms, ...mesos],
  },
];

function childrenOf(
  report: Report,
  addresses: Addresses,
  topology: string,
  ids: ReadonlySet<string>,
  kind: Kind,
) {
  const children: NodeSummary[] = [];
  for (const [id, node] of report.topologies.get(kind.topology)?.nodes ?? []) {
    const isChild = ancestorsOf(report, addresses, kind.topology, id, topology).some((parent) =>
      ids.has(parent),
    );
    if (!isChild) continue;
    children.push(
      summariseNode(report, kind.topology, id, node, parentsOf(report, kind.topology, node).rows),
    );
    if (children.length >= maxChildren) break;
  }
  return children.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The images that a host's containers were made from. */
function imagesOf(report: Report, containers: readonly NodeSummary[]): ChildGroup[] {
  const counts = new Map<string, number>();
  const labels = new Map<string, string>();
  for (const { id } of containers) {
    const node = nodeOf(report, 'container', id);
    const name = node === undefined ? '' : imageNameOf(report, node);
    if (name === '') continue;
    counts.set(imageGroupId(name), (counts.get(imageGroupId(name)) ?? 0) + 1);
    labels.set(imageGroupId(name), name);
  }
  if (counts.size === 0) return [];
  const nodes = Array.from(counts, ([id, count]): NodeSummary => {
    const label = labels.get(id) ?? id;
    const labelMinor = countLabel(report, 'container', count);
    return { id, label, labelMinor, rank: label, shape: shapeOf(report, 'container_image'), stack: true };
  });
  return [{ id: '', label: 'Container images', nodes, topologyId: 'containers-by-image', columns: [] }];
}

export function childGroupsOf(
  report: Report,
  addresses: Addresses,
  node: GraphNode,
  graph: Graph,
): ChildGroup[] {
  if (node.pseudo !== undefined) return [];
  const ids = new Set(node.group?.members ?? [node.id]);
  const groups: ChildGroup[] = [];
  for (const kind of kinds) {
    const isOwnKind = kind.topology === node.topology;
    if (!kind.of.includes(node.topology) || (isOwnKind && node.group === undefined)) continue;
    const nodes = childrenOf(report, addresses, node.topology, ids, kind);
    const topologyId = viewOfTopology(kind.topology) ?? graph.view.id;
    if (nodes.length > 0)
      groups.push({ id: '', label: kind.label, nodes, topologyId, columns: kind.columns });
  }
  const containers = groups.find(({ topologyId }) => topologyId === 'containers')?.nodes ?? [];
  return node.topology === 'host' ? [...groups, ...imagesOf(report, containers)] : groups;
}
