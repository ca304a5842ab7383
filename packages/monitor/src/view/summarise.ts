import type { Report, ReportNode } from '@orchestrator/report';
import type { Flows } from './flow.ts';
import { type Graph, type GraphNode, noFlows } from './graph.ts';
import { imageOf } from './grouping.ts';
import { nodeOf } from './lineage.ts';
import { countLabel, nameOf, shapeOf } from './names.ts';
import { noParents, type Parents, parentsOf, stand } from './parents.ts';
import {
  metadataRow,
  metadataRows,
  metricRows,
  type Templates,
  type TextLookup,
  tablesOf,
  templatesOf,
} from './rows.ts';
import { sameJson } from './same-json.ts';
import type {
  FlowRow,
  LastingSummary,
  MetadataRow,
  MetricRow,
  NodeSummary,
  ParentRow,
  Table,
} from './summary.ts';

/** A node in words, with what these were made from, so that they are made again only if that has changed. */
export interface RenderedNode {
  readonly graphNode: GraphNode;
  readonly summary: NodeSummary;
  /** The part of the summary that stays while metrics and connections change; then it is the same object. */
  readonly lasting: LastingSummary;
  readonly flows: Flows;
  readonly parents: Parents;
}

const filled = <Row>(name: string, rows: readonly Row[]) => (rows.length === 0 ? {} : { [name]: rows });

function pseudoSummary(id: string, pseudo: NonNullable<GraphNode['pseudo']>): LastingSummary {
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

interface Description {
  readonly templates: Templates;
  readonly sets: ReportNode['sets'];
  readonly counters: ReportNode['counters'];
  readonly lent: ReportNode['latest'] | undefined;
  readonly metadata: readonly MetadataRow[];
  readonly tables: readonly Table[];
}

/** Rows seldom change while metrics do all the time, so they are kept as long as the leaves they were made from. */
const descriptions = new WeakMap<ReportNode['latest'], Description>();

function describe(node: ReportNode, templates: Templates, lender: ReportNode | undefined): Description {
  const known = descriptions.get(node.latest);
  const { sets, counters } = node;
  const lent = lender?.latest;
  const stands = known?.templates === templates && known.sets === sets && known.counters === counters;
  if (stands && known.lent === lent) return known;
  const text = textsOf(node, lender);
  const metadata = metadataRows(node, templates, text);
  const made = { templates, sets, counters, lent, metadata, tables: tablesOf(node, templates, text) };
  descriptions.set(node.latest, made);
  return made;
}

const templatesIn = (report: Report, topology: string): Templates =>
  templatesOf(report.topologies.get(topology)?.templates);

function lastingSummary(
  report: Report,
  topology: string,
  id: string,
  node: ReportNode,
  parents: readonly ParentRow[],
): LastingSummary {
  const lender = topology === 'container' ? imageOf(report, node) : undefined;
  const { metadata, tables } = describe(node, templatesIn(report, topology), lender);
  return {
    id,
    ...nameOf(report, topology, id, node),
    shape: shapeOf(report, topology),
    ...filled('metadata', metadata),
    ...filled('parents', parents),
    ...filled('tables', tables),
  };
}

const metricsOf = (report: Report, topology: string, node: ReportNode): MetricRow[] =>
  metricRows(node, templatesIn(report, topology), false);

/** A node of the report, in words. */
export function summariseNode(
  report: Report,
  topology: string,
  id: string,
  node: ReportNode,
  parents: readonly ParentRow[],
): NodeSummary {
  const lasting = lastingSummary(report, topology, id, node, parents);
  return { ...lasting, ...filled('metrics', metricsOf(report, topology, node)) };
}

/** The hosts of a group's members. */
function hostsOf(report: Report, topology: string, members: readonly string[]): Parents {
  const hosts = new Map<string, ParentRow>();
  for (const id of members) {
    const node = nodeOf(report, topology, id);
    const rows = node === undefined ? [] : parentsOf(report, topology, node).rows;
    for (const row of rows) if (row.topologyId === 'hosts') hosts.set(row.id, row);
  }
  return { rows: [...hosts.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), sources: [] };
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
): LastingSummary {
  const { label, members } = group ?? { label: id, members: [] };
  const { tables, ...metadata } =
    graph.view.groupBy === 'image'
      ? imageRows(report, members.length, imageOfGroup(report, topology, members))
      : { tables: [] };
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

/** The image of which a group's containers were made. */
function imageOfGroup(report: Report, topology: string, members: readonly string[]): ReportNode | undefined {
  const container = nodeOf(report, topology, members[0] ?? '');
  return container === undefined ? undefined : imageOf(report, container);
}

function parentsFor(
  report: Report,
  { node, topology, group }: GraphNode,
  graph: Graph,
  before: RenderedNode | undefined,
): Parents {
  if (node !== undefined) {
    const known = before?.graphNode.node;
    // Most changes are of metrics, which name no parents.
    const isSame = known?.latest === node.latest && known.parents === node.parents;
    if (before !== undefined && isSame && stand(report, before.parents.sources)) return before.parents;
    return parentsOf(report, topology, node);
  }
  const ofImage = group !== undefined && graph.view.groupBy === 'image';
  return ofImage ? hostsOf(report, topology, group.members) : noParents;
}

/** Whether what was said of a node stands, but for its metrics and connections: most changes are of these. */
function lasts(
  report: Report,
  { node, topology }: GraphNode,
  parents: Parents,
  before: RenderedNode,
): boolean {
  const known = before.graphNode.node;
  // The parents are the same only if all texts are, and those of the host and the image.
  if (node === undefined || known === undefined || parents !== before.parents) return false;
  if (known.sets !== node.sets || known.counters !== node.counters) return false;
  return descriptions.get(node.latest)?.templates === templatesIn(report, topology);
}

function lastingOf(
  report: Report,
  graph: Graph,
  graphNode: GraphNode,
  parents: Parents,
  before: RenderedNode | undefined,
): LastingSummary {
  if (before !== undefined && lasts(report, graphNode, parents, before)) return before.lasting;
  const { id, topology, node, pseudo } = graphNode;
  const made =
    pseudo !== undefined
      ? pseudoSummary(id, pseudo)
      : node !== undefined
        ? lastingSummary(report, topology, id, node, parents.rows)
        : groupSummary(report, graphNode, graph, parents.rows);
  return before !== undefined && sameJson(before.lasting, made) ? before.lasting : made;
}

/** `before` itself if nothing of what a client is told has changed. */
export function render(
  report: Report,
  graph: Graph,
  graphNode: GraphNode,
  before: RenderedNode | undefined,
): RenderedNode {
  const { id, topology, node, group } = graphNode;
  const flows = graph.flows.get(id) ?? noFlows;
  // Groups are few, and depend on all of their members.
  const same = group === undefined && before?.graphNode === graphNode && before.flows === flows;
  if (same && stand(report, before.parents.sources)) return before;
  const parents = parentsFor(report, graphNode, graph, before);
  const lasting = lastingOf(report, graph, graphNode, parents, before);
  const made: NodeSummary = {
    ...lasting,
    ...(node === undefined ? {} : filled('metrics', metricsOf(report, topology, node))),
    ...filled('adjacency', [...flows.keys()]),
    ...filled('flows', flowRows(flows)),
  };
  // A change of which nothing is shown must not be news to clients.
  if (before === undefined || !sameJson(before.summary, made)) {
    return { graphNode, summary: made, lasting, flows, parents };
  }
  const unchanged = before.graphNode === graphNode && before.flows === flows;
  return unchanged && group !== undefined
    ? before
    : { graphNode, summary: before.summary, lasting, flows, parents };
}
