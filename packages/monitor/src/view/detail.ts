import type { ControlInput, ControlTemplate, Report, ReportNode } from '@orchestrator/report';
import { type ChildGroup, childGroupsOf } from './children.ts';
import { type ConnectionTable, connectionsOf } from './connections.ts';
import { textOf } from './lineage.ts';
import { startedBy, starterOf } from './process-tree.ts';
import type { View } from './renderer.ts';
import { metricRows, templatesOf } from './rows.ts';
import type { NodeSummary } from './summary.ts';
import { surroundingsOf } from './surroundings.ts';

export interface ControlRow {
  readonly probeId: string;
  readonly nodeId: string;
  readonly id: string;
  readonly human: string;
  readonly icon: string;
  readonly rank: number;
  /** To be asked before it is done. */
  readonly confirmation?: string;
  /** To be filled in before it is done, and sent as arguments by their ids. */
  readonly inputs?: readonly ControlInput[];
}

export interface NodeDetail extends NodeSummary {
  readonly controls: readonly ControlRow[];
  readonly children?: readonly ChildGroup[];
  readonly connections?: readonly ConnectionTable[];
}

/** Ids of the probes that know a node. */
export type OwnersOf = (topology: string, nodeId: string) => readonly string[];

/** The probe that acts on a node: the one that says so, else one that knows it. */
export function controllerOf(
  topology: string,
  id: string,
  node: ReportNode,
  ownersOf: OwnersOf,
): string | undefined {
  const owners = ownersOf(topology, id);
  const said = textOf(node, 'control_probe_id');
  return said !== '' && (owners.length === 0 || owners.includes(said)) ? said : owners[0];
}

/** What can be done with the node now, in the order in which it is offered. */
export function controlsOf(
  report: Report,
  topology: string,
  id: string,
  node: ReportNode,
  ownersOf: OwnersOf,
): ControlRow[] {
  const probeId = controllerOf(topology, id, node, ownersOf);
  if (probeId === undefined) return [];
  const templates = report.topologies.get(topology)?.templates;
  const rows: ControlRow[] = [];
  for (const [control, { value }] of node.controls) {
    const template = templates?.get(`control:${control}`)?.value as ControlTemplate | undefined;
    if (value !== true || template === undefined) continue;
    const { human, icon, rank, confirmation, inputs } = template;
    const ask = {
      ...(confirmation === '' ? {} : { confirmation }),
      ...(inputs.length === 0 ? {} : { inputs }),
    };
    rows.push({ probeId, nodeId: id, id: control, human, icon, rank, ...ask });
  }
  return rows.sort((a, b) => a.rank - b.rank);
}

/** All that is known of one node of a view; undefined if it is not there. */
export function detailOf(report: Report, view: View, id: string, ownersOf: OwnersOf): NodeDetail | undefined {
  const { graph, nodes } = view;
  const rendered = nodes.get(id);
  const graphNode = graph.nodes.get(id);
  if (rendered === undefined || graphNode === undefined) return undefined;
  const { node, topology } = graphNode;
  const surroundings = surroundingsOf(report);
  const children = [
    ...childGroupsOf(report, surroundings.addresses, graphNode, graph),
    ...startedBy(report, graphNode),
  ];
  const starter = starterOf(report, graphNode);
  const metrics =
    node === undefined ? [] : metricRows(node, templatesOf(report.topologies.get(topology)?.templates), true);
  return {
    ...rendered.summary,
    ...(starter === undefined ? {} : { parents: [...(rendered.summary.parents ?? []), starter] }),
    ...(metrics.length === 0 ? {} : { metrics }),
    controls: node === undefined ? [] : controlsOf(report, topology, id, node, ownersOf),
    ...(children.length === 0 ? {} : { children }),
    connections: connectionsOf({ report, graph, nodes, surroundings }, id),
  };
}
