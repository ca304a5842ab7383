/** Which process started which: the way up and down the tree of a host's processes. */
import type { Report } from '@orchestrator/report';
import type { ChildGroup } from './children.ts';
import type { GraphNode } from './graph.ts';
import { nodeOf, textOf } from './lineage.ts';
import { nameOf } from './names.ts';
import { parentsOf } from './parents.ts';
import { summariseNode } from './summarise.ts';
import type { ParentRow } from './summary.ts';

const topology = 'process';
const topologyId = 'processes';
const maxStarted = 2_000;

/** Ids are `HOST;PID`, and a process starts others on its own host only. */
const hostOf = (id: string) => id.slice(0, id.lastIndexOf(';'));

const isProcess = (node: GraphNode) => node.topology === topology && node.group === undefined;

/** The process that started this one, as far as it is known. */
export function starterOf(report: Report, graphNode: GraphNode): ParentRow | undefined {
  if (!isProcess(graphNode)) return undefined;
  const id = `${hostOf(graphNode.id)};${textOf(graphNode.node, 'ppid')}`;
  const starter = nodeOf(report, topology, id);
  if (starter === undefined) return undefined;
  return { id, label: nameOf(report, topology, id, starter).label, topologyId };
}

/** The processes that this one has started. */
export function startedBy(report: Report, graphNode: GraphNode): ChildGroup[] {
  if (!isProcess(graphNode)) return [];
  const [host, pid] = [hostOf(graphNode.id), textOf(graphNode.node, 'pid')];
  const nodes = [...(report.topologies.get(topology)?.nodes ?? [])]
    .filter(([id, node]) => textOf(node, 'ppid') === pid && hostOf(id) === host)
    .slice(0, maxStarted)
    .map(([id, node]) => summariseNode(report, topology, id, node, parentsOf(report, topology, node).rows))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return nodes.length === 0 ? [] : [{ id: '', label: 'Started', nodes, topologyId, columns: [] }];
}
