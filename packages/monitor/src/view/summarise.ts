import { isDeepStrictEqual } from 'node:util';
import type { Report, ReportNode } from '@orchestrator/report';
import type { Flows } from './flow.ts';
import { type Graph, type GraphNode, noFlows } from './graph.ts';
import { imageOf } from './grouping.ts';
import { nodeOf } from './lineage.ts';
import { countLabel, nameOf, shapeOf } from './names.ts';
import { parentsOf, sameParents } from './parents.ts';
import { metadataRow, metadataRows, metricRows, type TextLookup, tablesOf, templatesOf } from './rows.ts';
import type { FlowRow, MetadataRow, NodeSummary, ParentRow, Table } from './summary.ts';

/** A node in words, with what these were made from, so that they are made again only if that has changed. */
export interface RenderedNode {
  readonly graphNode: GraphNode;
  readonly summary: NodeSummary;
  readonly flows: Flows;
  readonly parents: readonly ParentRow[];
  /** The node of the report that lends texts to this one: a container's image. */
  readonly lender: ReportNode | undefined;
}

const filled = <Row>(name: string, rows: readonly Row[]) => (rows.length === 0 ? {} : { [name]: rows });

function pseudoSummary(id: string, pseudo: NonNullable<GraphNode['pseudo']>): NodeSummary {
  const { label, labelMinor, rank, shape, stack } = pseudo;
  return { id, label, labelMinor, rank, shape, ...(stack ? { stack } : {}), pseudo: true };
}

/** Texts of the container and, where it has none, those that say what image it was made from. */
function textsOf(node: ReportNode, lender: ReportNode | undefined): TextLookup {
  return (key) => {
    const own = node.latest.get(key)?.value;
    if (own !== undefined || lender === undefined || !key.startsWith('docker_image_')) return own;
    return lender.latest.get(key)?.value;
  };
}

/** A node of the report, in words. `withSamples`: for details. */
export function summariseNode(
  report: Report,
  topology: string,
  id: string,
  node: ReportNode,
  parents: readonly ParentRow[],
  withSamples = false,
): NodeSummary {
  const lender = topology === 'container' ? imageOf(report, node) : undefined;
  const text = textsOf(node, lender);
  const templates = templatesOf(report.topologies.get(topology)?.templates);
  return {
    id,
    ...nameOf(report, topology, id, node),
    shape: shapeOf(report, topology),
    ...filled('metadata', metadataRows(node, templates, text)),
    ...filled('parents', parents),
    ...filled('metrics', metricRows(node, templates, withSamples)),
    ...filled('tables', tablesOf(node, templates, text)),
  };
}

function hostsOf(report: Report, topology: string, members: readonly string[]): ParentRow[] {
  const hosts = new Map<string, ParentRow>();
  for (const id of members) {
    const node = nodeOf(report, topology, id);
    if (node === undefined) continue;
    for (const row of parentsOf(report, topology, node))
      if (row.topologyId === 'hosts') hosts.set(row.id, row);
  }
  return [...hosts.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** An image's own labels, and how many containers are made from it. */
function imageRows(report: Report, count: number, image: ReportNode | undefined) {
  const templates = templatesOf(report.topologies.get('container_image')?.templates);
  const counted = templates.metadata.find(({ id }) => id === 'container');
  const metadata: MetadataRow[] = counted === undefined ? [] : [metadataRow(counted, String(count))];
  const tables: Table[] = image === undefined ? [] : tablesOf(image, templates, textsOf(image, undefined));
  return { ...filled('metadata', metadata), tables };
}

function groupSummary(
  report: Report,
  { id, topology, group }: GraphNode,
  graph: Graph,
  parents: readonly ParentRow[],
  lender: ReportNode | undefined,
): NodeSummary {
  const { label, members } = group ?? { label: id, members: [] };
  const { tables, ...metadata } =
    graph.view.groupBy === 'image' ? imageRows(report, members.length, lender) : { tables: [] };
  return {
    ...{ id, label, labelMinor: countLabel(report, topology, members.length), rank: label },
    ...{ shape: shapeOf(report, topology), stack: true },
    ...metadata,
    ...filled('parents', parents),
    ...filled('tables', tables),
  };
}

const flowRows = (flows: Flows): FlowRow[] =>
  Array.from(flows, ([id, { connections, sentBytesPerS, receivedBytesPerS }]) => ({
    ...{ id, connections },
    sentBytesPerS: Math.round(sentBytesPerS),
    receivedBytesPerS: Math.round(receivedBytesPerS),
  }));

function lenderOf(
  report: Report,
  { node, topology, group }: GraphNode,
  graph: Graph,
): ReportNode | undefined {
  if (node !== undefined) return topology === 'container' ? imageOf(report, node) : undefined;
  if (group === undefined || graph.view.groupBy !== 'image') return undefined;
  const container = nodeOf(report, topology, group.members[0] ?? '');
  return container === undefined ? undefined : imageOf(report, container);
}

function parentsFor(
  report: Report,
  { node, topology, group }: GraphNode,
  graph: Graph,
): readonly ParentRow[] {
  if (node !== undefined) return parentsOf(report, topology, node);
  const ofImage = group !== undefined && graph.view.groupBy === 'image';
  return ofImage ? hostsOf(report, topology, group.members) : [];
}

/** `before` itself if nothing of what a client is told has changed. */
export function render(
  report: Report,
  graph: Graph,
  graphNode: GraphNode,
  before: RenderedNode | undefined,
): RenderedNode {
  const { id, topology, node, pseudo } = graphNode;
  const flows = graph.flows.get(id) ?? noFlows;
  const parents = parentsFor(report, graphNode, graph);
  const lender = lenderOf(report, graphNode, graph);
  const same = before?.graphNode === graphNode && before.flows === flows && before.lender === lender;
  if (same && sameParents(before.parents, parents) && namesStand(report, graphNode, before.summary))
    return before;
  const plain =
    pseudo !== undefined
      ? pseudoSummary(id, pseudo)
      : node !== undefined
        ? summariseNode(report, topology, id, node, parents)
        : groupSummary(report, graphNode, graph, parents, lender);
  const made: NodeSummary = {
    ...plain,
    ...filled('adjacency', [...flows.keys()]),
    ...filled('flows', flowRows(flows)),
  };
  // A change of which nothing is shown must not be news to clients.
  const summary = before !== undefined && isDeepStrictEqual(before.summary, made) ? before.summary : made;
  return { graphNode, summary, flows, parents, lender };
}

/** A name may come from another node: that of the host. */
function namesStand(report: Report, { id, topology, node }: GraphNode, summary: NodeSummary): boolean {
  if (node === undefined) return true;
  const { label, labelMinor, rank } = nameOf(report, topology, id, node);
  return label === summary.label && labelMinor === summary.labelMinor && rank === summary.rank;
}
