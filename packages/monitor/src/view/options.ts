/** Scope's groups of options, as questions to a node. */
import type { Report, ReportNode } from '@orchestrator/report';
import type { OptionGroup, ViewDefinition } from './definitions.ts';
import { connectedIds, type Graph, type GraphNode } from './graph.ts';
import { imageNameOf } from './grouping.ts';
import { textOf } from './lineage.ts';
import { isInternet } from './placement.ts';

/** Chosen values by the id of their group; groups that are not in it do not filter. */
export type ChosenOptions = Readonly<Record<string, string>>;

/**
 * What a request chooses: all groups' defaults with the parameters over them. A request without any parameter chooses
 * nothing, so everything is shown: so Scope does it, and its clients count on it.
 */
export function chooseOptions(
  view: ViewDefinition,
  parameters: Readonly<Record<string, string | undefined>>,
): ChosenOptions {
  if (Object.keys(parameters).length === 0) return {};
  const chosen = (group: OptionGroup) => parameters[group.id] || group.defaultValue;
  return Object.fromEntries(view.options.map((group) => [group.id, chosen(group)]));
}

const systemImages =
  /(^|\/)(pause|weave|weaveworks\/|amazon-ecs-agent|kube-proxy|kube-dns|coredns|orchestrator-probe)/;
const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'docker']);
const stoppedStates: ReadonlySet<string> = new Set(['exited', 'stopped', 'dead', 'created', 'deleted']);

function isSystem(report: Report, node: ReportNode): boolean {
  if (textOf(node, 'docker_label_works.weave.role') === 'system') return true;
  if (systemNamespaces.has(textOf(node, 'docker_label_io.kubernetes.pod.namespace'))) return true;
  return systemImages.test(imageNameOf(report, node));
}

const isStopped = (node: ReportNode) => stoppedStates.has(textOf(node, 'docker_container_state'));

function passes(report: Report, node: ReportNode, options: ChosenOptions): boolean {
  const { system, stopped } = options;
  if (system !== undefined && system !== 'all' && isSystem(report, node) !== (system === 'system'))
    return false;
  return stopped === undefined || stopped === 'both' || isStopped(node) === (stopped === 'stopped');
}

/** Which nodes of the report count, before any are grouped. */
export function isChosen(
  report: Report,
  node: ReportNode,
  topology: string,
  options: ChosenOptions,
): boolean {
  return topology !== 'container' || passes(report, node, options);
}

/**
 * Which nodes of the finished graph are shown. Pseudo nodes that nothing visible is connected to are not: they would say
 * nothing.
 */
export function visibleIds(graph: Graph, options: ChosenOptions): ReadonlySet<string> {
  const connected = connectedIds(graph.flows);
  const isVisible = ({ id, pseudo }: GraphNode): boolean => {
    if (pseudo !== undefined) return connected.has(id) && (options.pseudo !== 'hide' || isInternet(id));
    return options.unconnected !== 'hide' || connected.has(id);
  };
  const shown = new Set<string>();
  for (const node of graph.nodes.values()) if (isVisible(node)) shown.add(node.id);
  const partnered = withVisiblePartner(graph, shown);
  for (const id of shown)
    if (graph.nodes.get(id)?.pseudo !== undefined && !partnered.has(id)) shown.delete(id);
  return shown;
}

function withVisiblePartner(graph: Graph, shown: ReadonlySet<string>): ReadonlySet<string> {
  const partnered = new Set<string>();
  for (const [from, targets] of graph.flows) {
    if (!shown.has(from)) continue;
    for (const to of targets.keys()) if (shown.has(to)) partnered.add(from).add(to);
  }
  return partnered;
}
