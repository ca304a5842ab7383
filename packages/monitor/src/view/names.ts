/** How nodes are called. */
import type { Report, ReportNode } from '@orchestrator/report';
import { imageNameOf } from './grouping.ts';
import { nodeOf, parentsIn, textOf } from './lineage.ts';
import { templatesOf } from './rows.ts';

export interface NodeName {
  readonly label: string;
  readonly labelMinor: string;
  readonly rank: string;
}

/** The host's own name, or what its id says. */
export function hostLabel(report: Report, node: ReportNode): string {
  const [parent] = parentsIn(report, node, 'host');
  const id = parent ?? textOf(node, 'host_node_id');
  return textOf(nodeOf(report, 'host', id), 'host_name') || (id.split(';', 1)[0] ?? '');
}

/** Keys under which sources write names, the best first. */
const nameKeys = [
  'label',
  'name',
  'kubernetes_name',
  'mesos_name',
  'marathon_id',
  'host_name',
  'docker_image_name',
];
const minorKeys = ['label_minor', 'kubernetes_namespace', 'state', 'mesos_state', 'role'];

const firstText = (node: ReportNode, keys: readonly string[]): string => {
  for (const key of keys) {
    const text = textOf(node, key);
    if (text !== '') return text;
  }
  return '';
};

const shortId = (id: string) => (id.split(';', 1)[0] ?? id).slice(0, 12);

/** Mesos gives its containers in Docker names that only it can read. */
function taskNameOf(report: Report, node: ReportNode, containerName: string): string {
  if (!containerName.startsWith('mesos-')) return '';
  const [task] = parentsIn(report, node, 'mesos_task');
  return task === undefined ? '' : textOf(nodeOf(report, 'mesos_task', task), 'mesos_name');
}

export function nameOf(report: Report, topology: string, id: string, node: ReportNode): NodeName {
  switch (topology) {
    case 'container': {
      const own = textOf(node, 'docker_container_name').replace(/^\//, '');
      return {
        label:
          taskNameOf(report, node, own) || own || textOf(node, 'docker_container_hostname') || shortId(id),
        labelMinor: hostLabel(report, node),
        rank: imageNameOf(report, node),
      };
    }
    case 'process': {
      const [name, pid] = [textOf(node, 'name'), textOf(node, 'pid') || (id.split(';')[1] ?? '')];
      return { label: name || pid, labelMinor: `${hostLabel(report, node)} (${pid})`, rank: name };
    }
    case 'host': {
      const [label = '', ...domain] = (textOf(node, 'host_name') || shortId(id)).split('.');
      return { label, labelMinor: domain.join('.'), rank: domain.join('.') };
    }
    default: {
      const label = firstText(node, nameKeys) || shortId(id);
      return { label, labelMinor: firstText(node, minorKeys) || hostLabel(report, node), rank: label };
    }
  }
}

/** Of topologies whose reports do not say. */
const shapes: Readonly<Record<string, string>> = {
  ...{ container: 'hexagon', container_image: 'hexagon', process: 'square', host: 'circle' },
  ...{ pod: 'heptagon', service: 'heptagon', mesos_task: 'hexagon', mesos_agent: 'circle' },
  ...{ mesos_framework: 'heptagon', marathon_app: 'heptagon', zookeeper: 'octagon' },
};

export const shapeOf = (report: Report, topology: string): string =>
  templatesOf(report.topologies.get(topology)?.templates).shape || shapes[topology] || 'circle';

/** `1 container`, `21 containers` */
export function countLabel(report: Report, topology: string, count: number): string {
  const { label, labelPlural } = templatesOf(report.topologies.get(topology)?.templates);
  const one = label || topology.replaceAll('_', ' ');
  const many = labelPlural || (one.endsWith('s') ? `${one}es` : `${one}s`);
  return `${count} ${count === 1 ? one : many}`;
}
