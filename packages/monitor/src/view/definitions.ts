/** The views there are, in the words and the order of Scope, and those of what Scope does not know. */

export interface OptionChoice {
  readonly value: string;
  readonly label: string;
}

/** One thing to choose about a view; a query parameter of this name. */
export interface OptionGroup {
  readonly id: string;
  readonly defaultValue: string;
  readonly options: readonly OptionChoice[];
}

/** What nodes of a view stand for, if not for one node of the report each. */
export type Grouping = 'image' | 'hostname' | 'process-name';

export interface ViewDefinition {
  readonly id: string;
  readonly name: string;
  readonly rank: number;
  readonly hideIfEmpty: boolean;
  /** Id of the view that lists this one as a variant of itself. */
  readonly under?: string;
  /** Topologies of the report whose nodes it shows, or groups. */
  readonly topologies: readonly string[];
  readonly groupBy?: Grouping;
  /** What a host's connections are called that belong to none of the nodes; without it they are left out. */
  readonly rest?: 'Uncontained' | 'Unmanaged';
  readonly options: readonly OptionGroup[];
}

const showOrHide = (id: string, what: string): OptionGroup => ({
  id,
  defaultValue: 'hide',
  options: [
    { value: 'show', label: `Show ${what}` },
    { value: 'hide', label: `Hide ${what}` },
  ],
});

const containerOptions: readonly OptionGroup[] = [
  {
    id: 'system',
    defaultValue: 'application',
    options: [
      { value: 'all', label: 'All' },
      { value: 'system', label: 'System containers' },
      { value: 'application', label: 'Application containers' },
    ],
  },
  {
    id: 'stopped',
    defaultValue: 'running',
    options: [
      { value: 'stopped', label: 'Stopped containers' },
      { value: 'running', label: 'Running containers' },
      { value: 'both', label: 'Both' },
    ],
  },
  showOrHide('pseudo', 'uncontained'),
];

const unmanaged = [showOrHide('pseudo', 'unmanaged')];
const unconnected = [showOrHide('unconnected', 'unconnected')];
const podOptions = [showOrHide('snapshot', 'snapshots'), showOrHide('storage', 'storage'), ...unmanaged];
const containers = { topologies: ['container'], rest: 'Uncontained', options: containerOptions } as const;
const controllers = ['deployment', 'daemon_set', 'stateful_set', 'cron_job', 'job'];

export const viewDefinitions: readonly ViewDefinition[] = [
  { id: 'containers', name: 'Containers', rank: 2, hideIfEmpty: false, ...containers },
  {
    ...{ id: 'containers-by-hostname', name: 'by DNS name', rank: 0, hideIfEmpty: false, ...containers },
    ...{ under: 'containers', groupBy: 'hostname' },
  },
  {
    ...{ id: 'containers-by-image', name: 'by image', rank: 0, hideIfEmpty: false, ...containers },
    ...{ under: 'containers', groupBy: 'image' },
  },
  { id: 'hosts', name: 'Hosts', rank: 4, hideIfEmpty: false, topologies: ['host'], options: [] },
  variant('weave', 'Weave Net', 'hosts', ['weave'], false, []),
  own('pods', 'Pods', 3, ['pod'], podOptions),
  variant('kube-controllers', 'Controllers', 'pods', controllers, true, unmanaged),
  variant('services', 'Services', 'pods', ['service'], true, unmanaged),
  variant('namespaces', 'Namespaces', 'pods', ['namespace'], true, unmanaged),
  {
    id: 'processes',
    name: 'Processes',
    rank: 1,
    hideIfEmpty: true,
    topologies: ['process'],
    options: unconnected,
  },
  {
    ...{ id: 'processes-by-name', name: 'by name', rank: 0, hideIfEmpty: true, under: 'processes' },
    ...{ topologies: ['process'], groupBy: 'process-name', options: unconnected },
  },
  own('swarm-services', 'Services', 3, ['swarm_service'], unmanaged),
  own('ecs-tasks', 'Tasks', 3, ['ecs_task'], unmanaged),
  variant('ecs-services', 'Services', 'ecs-tasks', ['ecs_service'], true, unmanaged),
  own('mesos-tasks', 'Mesos tasks', 5, ['mesos_task'], unmanaged),
  variant('mesos-frameworks', 'Frameworks', 'mesos-tasks', ['mesos_framework'], true, unmanaged),
  variant('mesos-agents', 'Agents', 'mesos-tasks', ['mesos_agent'], true, []),
  variant('marathon-apps', 'Marathon apps', 'mesos-tasks', ['marathon_app'], true, unmanaged),
  { id: 'zookeeper', name: 'ZooKeeper', rank: 6, hideIfEmpty: true, topologies: ['zookeeper'], options: [] },
];

function own(
  id: string,
  name: string,
  rank: number,
  topologies: readonly string[],
  options: readonly OptionGroup[],
): ViewDefinition {
  return { id, name, rank, hideIfEmpty: true, topologies, rest: 'Unmanaged', options };
}

function variant(
  id: string,
  name: string,
  under: string,
  topologies: readonly string[],
  hideIfEmpty: boolean,
  options: readonly OptionGroup[],
): ViewDefinition {
  const rest = options.length > 0 ? { rest: 'Unmanaged' as const } : {};
  return { id, name, rank: 0, hideIfEmpty, under, topologies, options, ...rest };
}

const byId: ReadonlyMap<string, ViewDefinition> = new Map(viewDefinitions.map((view) => [view.id, view]));
export const findView = (id: string): ViewDefinition | undefined => byId.get(id);

const byTopology = new Map<string, string>(
  viewDefinitions
    .filter((view) => view.groupBy === undefined)
    .flatMap((view) => view.topologies.map((topology): [string, string] => [topology, view.id])),
);
byTopology.set('container_image', 'containers-by-image');

/** The view in which a node of this topology is found. */
export const viewOfTopology = (topology: string): string | undefined => byTopology.get(topology);
